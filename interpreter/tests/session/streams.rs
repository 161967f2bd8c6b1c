//! asyncio's streams and the transport of plain sockets in Rust, from cells, over real sockets.
//! One session per process: run with nextest.

use super::notebook::Notebook;
use cellist_interpreter::Clock;

/// A notebook with `serve(handler, client, **arguments)`: runs a server and one client of it.
fn notebook() -> Notebook {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("
import asyncio, hashlib, socket
async def serve(handler, client, server={}, **arguments):
    served = asyncio.get_running_loop().create_future()
    async def handle(reader, writer):
        try:
            served.set_result(await handler(reader, writer))
        except BaseException as error:
            served.set_exception(error)
        finally:
            writer.close()
    async with await asyncio.start_server(handle, '127.0.0.1', 0, **server) as listening:
        port = listening.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection('127.0.0.1', port, **arguments)
        answer = await client(reader, writer)
        writer.close()
        return answer, await asyncio.wait_for(served, 30)
async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
");
    notebook
}

#[test]
fn streams_are_native_and_asyncios() {
    let mut notebook = notebook();
    notebook.ok("
import _cellist_streams
from asyncio import selector_events
async def client(reader, writer):
    return (isinstance(reader, _cellist_streams.ReaderCore), isinstance(writer, _cellist_streams.WriterCore),
            isinstance(writer.transport, _cellist_streams.TransportCore),
            isinstance(writer.transport, selector_events._SelectorSocketTransport), type(reader).__module__,
            writer.get_extra_info('peername')[0], writer.get_extra_info('socket').family.name, repr(reader)[:13])
");
    assert_eq!(
        notebook.ok("print((await serve(echo, client))[0])"),
        "(True, True, True, True, 'asyncio.streams', '127.0.0.1', 'AF_INET', '<StreamReader')\n"
    );
}

#[test]
fn every_way_to_read_gives_what_was_sent() {
    let mut notebook = notebook();
    notebook.ok("
async def client(reader, writer):
    writer.write(b'one\\ntwo;;three four')
    writer.writelines([b'five', b'\\nsix\\n', bytearray(b'seven'), memoryview(b'eight')])
    writer.write_eof()
    return await reader.read()
async def handler(reader, writer):
    seen = [await reader.readline(), await reader.readuntil(b';;'), await reader.readexactly(5)]
    seen += [await reader.readuntil((b'e\\n', b' ', b'\\n')), await reader.readuntil()]
    seen += [line async for line in reader]
    seen += [await reader.readline(), await reader.read(5), reader.at_eof()]
    try:
        await reader.readexactly(3)
    except asyncio.IncompleteReadError as error:
        seen.append(error.partial)
    # Half closed: this way is still open.
    writer.write(b'good bye')
    await writer.drain()
    return seen
");
    assert_eq!(
        notebook.ok("print(await serve(handler, client))"),
        "(b'good bye', [b'one\\n', b'two;;', b'three', b' ', b'fourfive\\n', b'six\\n', b'seveneight', b'', b'', True, b''])\n"
    );
}

#[test]
fn a_reader_fed_at_random_reads_as_asyncios_own() {
    let mut notebook = notebook();
    notebook.ok("
import random
Stock = asyncio.StreamReader.__mro__[2]
class Transport:
    def __init__(self): self.seen = []
    def pause_reading(self): self.seen.append('pause')
    def resume_reading(self): self.seen.append('resume')
async def play(kind, seed):
    chance, reader, transport, log = random.Random(seed), kind(limit=8), Transport(), []
    reader.set_transport(transport)
    reads = [lambda: reader.readline(), lambda: reader.readuntil(b'ab'), lambda: reader.readuntil((b'c', b'ab')),
             lambda: reader.read(3), lambda: reader.read(0), lambda: reader.readexactly(4), lambda: reader.read(100)]
    tasks = []
    for step in range(60):
        action = chance.randrange(10)
        if action < 4 and not reader._eof:
            reader.feed_data(bytes(chance.choices(b'abc\\n', k=chance.randrange(9))))
        elif action == 4 and tasks:
            tasks[-1].cancel()
        elif action == 5 and step > 50:
            reader.feed_eof()
        elif action == 6 and step > 55:
            reader.set_exception(OSError('gone'))
        elif not tasks or tasks[-1].done():
            # One reader at a time: who comes second may take what the first has searched.
            tasks.append(asyncio.ensure_future(chance.choice(reads)()))
            tasks[-1].add_done_callback(lambda task: log.append(
                'cancelled' if task.cancelled() else repr(task.exception()) if task.exception() else task.result()))
        for _ in range(chance.randrange(4)): await asyncio.sleep(0)
        log.append((len(reader._buffer), reader._paused, reader._waiter is None))
    reader.feed_eof()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    return log, transport.seen, bytes(reader._buffer)
async def main():
    different = []
    for seed in range(300):
        ours, theirs = await play(asyncio.StreamReader, seed), await play(Stock, seed)
        if ours != theirs:
            different.append((seed, ours, theirs))
    return Stock.__module__, Stock is not asyncio.StreamReader, different[:1]
");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> ('asyncio.streams', True, [])");
}

#[test]
fn ten_megabytes_each_way_pass_a_slow_reader() {
    let mut notebook = notebook();
    notebook.ok("
data = bytes(range(256)) * 40_960
pauses = []
async def handler(reader, writer):
    got = hashlib.sha256()
    while piece := await reader.read(50_000):
        got.update(piece)
        writer.write(piece)
        await writer.drain()
    return got.hexdigest()
async def client(reader, writer):
    async def send():
        writer.write(data)
        pauses.append(writer._protocol._paused)
        await writer.drain()
        writer.write_eof()
    sending, got, turns = asyncio.create_task(send()), hashlib.sha256(), 0
    # Until the other side cannot send any more: then both sides have had to stop.
    while not reader._paused: await asyncio.sleep(0)
    stopped = reader._paused, sending.done()
    while piece := await reader.read(20_000):
        got.update(piece)
        turns += 1
        if turns % 50 == 0: await asyncio.sleep(0)
    await sending
    return got.hexdigest(), stopped
");
    assert_eq!(
        notebook.ok("(sent, stopped), got = await serve(handler, client)\nhashlib.sha256(data).hexdigest() == sent == got, stopped, pauses"),
        "=> (True, (True, False), [True])"
    );
}

#[test]
fn an_aborted_connection_ends_for_both() {
    let mut notebook = notebook();
    notebook.ok("
async def handler(reader, writer):
    await reader.readexactly(2)
    # Not read by the other side, which makes its end a reset.
    writer.write(b'x' * 1000)
    try:
        return await reader.read()
    except ConnectionResetError as error:
        return type(error).__name__
async def client(reader, writer):
    writer.write(b'hi')
    await writer.drain()
    while not reader._buffer: await asyncio.sleep(0)
    sock = writer.get_extra_info('socket')
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0')
    writer.transport.abort()
    await writer.wait_closed()
    try:
        writer.write(b'more')
        await writer.drain()
    except ConnectionResetError as error:
        return str(error), writer.is_closing(), reader.at_eof(), sock.fileno()
");
    assert_eq!(
        notebook.ok("await serve(handler, client)"),
        "=> (('Connection lost', True, False, -1), 'ConnectionResetError')"
    );
}

#[test]
fn a_cancelled_read_leaves_the_reader_in_order() {
    let mut notebook = notebook();
    notebook.ok("
async def client(reader, writer):
    try:
        await asyncio.wait_for(reader.readline(), 0.01)
    except TimeoutError:
        pass
    first = asyncio.create_task(reader.readline())
    await asyncio.sleep(0)
    try:
        await reader.read(1)
    except RuntimeError as error:
        said = str(error)
    writer.write(b'hello\\n')
    return said, await first
");
    assert_eq!(
        notebook.ok("(await serve(echo, client))[0]"),
        "=> ('read() called while another coroutine is already waiting for incoming data',\n b'hello\\n')"
    );
}

#[test]
fn derived_readers_and_protocols_have_their_say() {
    let mut notebook = notebook();
    notebook.ok("
class Loud(asyncio.StreamReader):
    def feed_data(self, data): super().feed_data(data.upper())
class Until(asyncio.StreamReader):
    async def readuntil(self, separator=b'\\n'): return b'mine'
class Protocol(asyncio.StreamReaderProtocol):
    def data_received(self, data): super().data_received(data[::-1])
class Failing(asyncio.Protocol):
    def data_received(self, data): raise ValueError(data)
async def main(make):
    loop, said = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda loop, context: said.append((context['message'], repr(context['exception']))))
    async with await asyncio.start_server(echo, '127.0.0.1', 0) as server:
        transport, protocol = await loop.create_connection(make, *server.sockets[0].getsockname())
        transport.write(b'ab\\n')
        if isinstance(protocol, Failing):
            while not said: await asyncio.sleep(0)
            return said, transport.is_closing()
        reader = protocol._stream_reader
        while not reader._buffer: await asyncio.sleep(0)
        transport.close()
        return bytes(reader._buffer), await reader.readline()
keep = []
def with_reader(kind, protocol=asyncio.StreamReaderProtocol):
    keep.append(kind())
    return protocol(keep[-1])
");
    for (made, expected) in [
        ("with_reader(Loud)", "(b'AB\\n', b'AB\\n')"),
        ("with_reader(Until)", "(b'ab\\n', b'mine')"),
        ("with_reader(asyncio.StreamReader, Protocol)", "(b'\\nba', b'\\n')"),
        (
            "Failing()",
            "([('Fatal error: protocol.data_received() call failed.',\n   \"ValueError(b'ab\\\\n')\")],\n True)",
        ),
    ] {
        let cell = format!("asyncio.run(main(lambda: {made}))");
        assert_eq!(notebook.ok(&cell), format!("=> {expected}"), "{made}");
    }
}

#[test]
fn tls_goes_over_it_from_the_start_and_later() {
    let mut notebook = notebook();
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session/localhost.pem");
    notebook.ok(&format!(
        "
import ssl
ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
ours.load_cert_chain({pem:?})
theirs = ssl.create_default_context()
theirs.check_hostname, theirs.verify_mode = False, ssl.CERT_NONE
async def client(reader, writer):
    for line in b'hello\\n', b'x' * 50_000 + b'\\n':
        writer.write(line)
        await writer.drain()
        assert await reader.readline() == line
    return writer.get_extra_info('cipher') is not None
async def late_client(reader, writer):
    writer.write(b'plain\\n')
    assert await reader.readline() == b'now\\n'
    await writer.start_tls(theirs, server_hostname='localhost')
    return await client(reader, writer)
async def late_server(reader, writer):
    plain = await reader.readline()
    writer.write(b'now\\n')
    await writer.start_tls(ours)
    await echo(reader, writer)
    return plain
"
    ));
    assert_eq!(
        notebook.ok("await serve(echo, client, {'ssl': ours}, ssl=theirs)"),
        "=> (True, None)"
    );
    assert_eq!(notebook.ok("await serve(late_server, late_client)"), "=> (True, b'plain\\n')");
}

#[test]
fn hundreds_may_come_at_once() {
    let mut notebook = notebook();
    notebook.ok("
async def ask(port, n):
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    for turn in range(5):
        writer.write(b'%d %d\\n' % (n, turn))
        assert await reader.readline() == b'%d %d\\n' % (n, turn)
    writer.close()
    await writer.wait_closed()
    return n
async def main():
    async def handle(reader, writer):
        await echo(reader, writer)
        writer.close()
    async with await asyncio.start_server(handle, '127.0.0.1', 0, backlog=1000) as server:
        port = server.sockets[0].getsockname()[1]
        return await asyncio.gather(*[ask(port, n) for n in range(300)]) == list(range(300))
");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> True");
}

#[test]
fn a_file_is_sent_and_a_process_read() {
    let mut notebook = notebook();
    notebook.ok("
import tempfile, sys
file = tempfile.TemporaryFile()
file.write(b'0123456789' * 100_000)
async def client(reader, writer):
    writer.write(b'head')
    await writer.drain()
    sent = await asyncio.get_running_loop().sendfile(writer.transport, file)
    writer.write(b'tail')
    writer.write_eof()
    return sent, await reader.read()
async def handler(reader, writer):
    body = await reader.read()
    return body[:6], len(body), body[-6:]
");
    assert_eq!(
        notebook.ok("await serve(handler, client)"),
        "=> ((1000000, b''), (b'head01', 1000008, b'89tail'))"
    );
    notebook.ok("
process = await asyncio.create_subprocess_exec('tr', 'a-z', 'A-Z', stdin=-1, stdout=-1)
out, _ = await process.communicate(b'hello\\n' * 3)
");
    assert_eq!(notebook.ok("out"), "=> b'HELLO\\nHELLO\\nHELLO\\n'");
}

#[test]
fn a_read_under_way_ends_as_the_bytes_let_it_though_the_connection_fails() {
    let mut notebook = notebook();
    notebook.ok("
Stock = asyncio.StreamReader.__mro__[2]
async def play(kind, read, data, ends):
    reader = kind(limit=8)
    reading = asyncio.ensure_future(read(reader))
    await asyncio.sleep(0)
    reader.feed_data(data)
    if ends: reader.feed_eof()
    reader.set_exception(OSError('gone'))
    try:
        outcome = await reading
    except Exception as error:
        outcome = repr(error), vars(error)
    return outcome, bytes(reader._buffer)
async def main():
    reads = [lambda reader: reader.readline(), lambda reader: reader.readuntil(b'ab'),
             lambda reader: reader.readexactly(4), lambda reader: reader.read(3)]
    cases = [(read, data, ends) for read in reads for data in (b'x', b'x' * 12, b'x' * 12 + b'ab\\n') for ends in (True, False)
             if ends or len(data) > 1]
    return [(await play(asyncio.StreamReader, *case), await play(Stock, *case)) for case in cases]
");
    notebook.ok("pairs = asyncio.run(main())");
    assert_eq!(notebook.ok("[pair for pair in pairs if pair[0] != pair[1]]"), "=> []");
    assert_eq!(
        notebook.ok("pairs[0][0], len([pair for pair in pairs if 'OSError' in str(pair)])"),
        "=> ((b'x', b''), 0)"
    );
}

#[test]
fn lines_come_as_a_derived_reader_reads_them() {
    let mut notebook = notebook();
    notebook.ok("
class Quoting(asyncio.StreamReader):
    async def readline(self):
        line = await super().readline()
        return line and b'> ' + line
async def main():
    reader = Quoting()
    reader.feed_data(b'one\\ntwo')
    reader.feed_eof()
    return [line async for line in reader]
");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> [b'> one\\n', b'> two']");
}
