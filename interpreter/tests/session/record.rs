//! What tasks and threads did, as an embedder and as Python sees it. One session per process: run
//! with nextest.

use super::notebook::Notebook;
use cellist_interpreter::Clock;
use cellist_interpreter::record::{self, Kind, Record};

const CHAIN: &str = "import asyncio
async def inner(event):
    await event.wait()
    return 1
async def outer():
    event = asyncio.Event()
    task = asyncio.create_task(inner(event))
    await asyncio.sleep(0)
    event.set()
    return await task";

fn kinds(rows: &[Record], task: u32) -> Vec<Kind> {
    rows.iter().filter(|row| row.task == task).map(|row| row.kind).collect()
}

#[test]
fn a_task_is_seen_from_its_making_to_its_end() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok(CHAIN);
    let begin = record::position();
    assert_eq!(notebook.ok("await outer()"), "=> 1");
    let rows = record::since(begin);
    let made: Vec<_> = rows.iter().filter(|row| row.kind == Kind::Create).collect();
    let [cell, inner] = made[..] else { panic!("{rows:#?}") };
    let site = inner.site.clone().unwrap();
    assert_eq!((site.file.as_str(), site.line, site.function.as_str()), ("Cell In[1]", 7, "outer"));
    assert_eq!((cell.other, inner.other), (0, cell.task));
    assert_eq!(
        kinds(&rows, inner.task),
        [Kind::Create, Kind::Wait, Kind::Step, Kind::Wake, Kind::Done, Kind::Step]
    );
    let wait = rows.iter().find(|row| row.kind == Kind::Wait && row.task == inner.task).unwrap();
    assert_eq!(wait.site.as_ref().unwrap().line, 3);
    let woken = rows.iter().find(|row| row.kind == Kind::Wake && row.task == inner.task).unwrap();
    assert_eq!(woken.other, cell.task, "the cell's task set the event");
    let joined = rows.iter().find(|row| row.kind == Kind::Wait && row.task == cell.task).unwrap();
    assert_eq!(joined.other, inner.task);
    assert!(rows.windows(2).all(|pair| pair[0].number < pair[1].number));
}

#[test]
fn python_sees_the_same() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok(CHAIN);
    notebook.ok("from cellist import trace\nwith trace.recording() as rows:\n    await outer()\n    lost = asyncio.create_task(asyncio.sleep(1000))\n    lost.cancel()\n    kept = asyncio.create_task(asyncio.sleep(1000), name='kept')\n    await asyncio.sleep(0)");
    assert_eq!(
        notebook.ok("[row.kind for row in rows if row.kind in ('create', 'cancel', 'done')]"),
        "=> ['create', 'done', 'create', 'cancel', 'create', 'done']"
    );
    assert_eq!(
        notebook.ok("[(row.file, row.line) for row in trace.pending(rows)]"),
        "=> [('Cell In[2]', 6)]"
    );
    assert_eq!(notebook.ok("trace.since(trace.position())"), "=> []");
}

#[test]
fn a_step_that_does_not_yield_is_caught_in_the_act() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, time\nfrom cellist import trace\nasync def sleeps():\n    time.sleep(0.3)\nasync def spins():\n    end = time.monotonic() + 0.3\n    while time.monotonic() < end:\n        pass\nasync def yields():\n    for _ in range(30): await asyncio.sleep(0.01)");
    notebook.ok("with trace.recording() as rows:\n    for f in (sleeps, spins, yields): await asyncio.create_task(f())");
    assert_eq!(
        notebook.ok(
            "[(row.function, row.file, row.line in (4, 6, 7, 8)) for row in trace.stalls(rows)]"
        ),
        "=> [('sleeps', 'Cell In[1]', True), ('spins', 'Cell In[1]', True)]"
    );
    assert_eq!(notebook.ok("all(row.took >= 0.05 for row in trace.stalls(rows))"), "=> True");
}

#[test]
fn threads_are_seen() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import threading\nfrom cellist import trace\nlock, waits = threading.Lock(), threading.Event()\ndef work():\n    waits.set()\n    with lock: pass\nwith trace.recording() as rows:\n    with lock:\n        thread = threading.Thread(target=work)\n        thread.start()\n        waits.wait()\n    thread.join()");
    assert_eq!(
        notebook.ok("own = {row.thread for row in rows if row.kind == 'thread start'}\nlen(own), [row.kind for row in rows if row.thread in own and row.kind != 'lock wait']"),
        "=> (1, ['thread start', 'thread end'])"
    );
}

#[test]
fn coroutines_never_awaited_are_seen_where_they_were_given_up() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, gc, warnings
from cellist import trace
warnings.simplefilter('ignore')
async def plain():
    return 1
def forget():
    plain()
    asyncio.sleep(1)
    asyncio.Lock().acquire()
    plain().close()
async def main():
    forget()
    begun = plain()
    await begun
    coroutine = asyncio.gather(plain())
    await coroutine");
    notebook.ok("with trace.recording() as rows:\n    await main()");
    assert_eq!(
        notebook.ok("[(row.file, row.line, row.function) for row in trace.never_awaited(rows)]"),
        "=> [('Cell In[1]', 7, 'forget'),\n ('Cell In[1]', 8, 'forget'),\n ('Cell In[1]', 9, 'forget')]"
    );
}

#[test]
fn a_coroutine_given_up_where_no_code_is_has_the_line_of_its_definition() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, warnings
from cellist import trace
warnings.simplefilter('ignore')
async def late():
    pass
async def main():
    asyncio.get_running_loop().call_soon(lambda coroutine: None, late())");
    notebook.ok("begun = trace.position()\nawait main()\nawait asyncio.sleep(0)");
    assert_eq!(
        notebook.ok("[(row.file, row.line, row.function) for row in trace.never_awaited(trace.since(begun))]"),
        "=> [('Cell In[1]', 4, 'late')]"
    );
}

#[test]
fn exceptions_nobody_looked_at_are_seen_where_they_were_raised() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, gc
from cellist import trace
def divide(by):
    return 1 / by
async def fail():
    await asyncio.sleep(0)
    divide(0)
async def main(looks):
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    if looks: task.exception()
    del task
    future = asyncio.Future()
    future.set_exception(OSError('set, not raised'))
    if looks: future.exception()
    del future
    gc.collect()");
    notebook.ok("with trace.recording() as rows:\n    await main(False)");
    assert_eq!(
        notebook.ok("[(row.file, row.line, row.function) for row in trace.unretrieved(rows)]"),
        "=> [('Cell In[1]', 4, 'divide'), ('Cell In[1]', 17, 'main')]"
    );
    assert_eq!(
        notebook.ok("made = [row.task for row in rows if row.kind == 'create' and row.line == 10]\nmade == [trace.unretrieved(rows)[0].task], trace.unretrieved(rows)[1].task"),
        "=> (True, 0)"
    );
    notebook.ok("with trace.recording() as rows:\n    await main(True)");
    assert_eq!(notebook.ok("trace.unretrieved(rows)"), "=> []");
}

#[test]
fn on_the_virtual_clock_times_are_virtual_and_exact() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio, time\nfrom cellist import trace\nasync def holds_up():\n    await asyncio.sleep(7200)\n    time.sleep(5000)");
    let begin = record::position();
    notebook.ok("await asyncio.create_task(holds_up())");
    let rows = record::since(begin);
    let block = rows.iter().find(|row| row.kind == Kind::Block).unwrap();
    assert_eq!(
        (block.clock, block.time.as_secs(), block.took.as_secs()),
        (Clock::Virtual, 7200, 5000)
    );
    assert_eq!((block.what.as_deref(), block.is_top), (Some("time.sleep"), false));
    assert_eq!(block.site.as_ref().unwrap().line, 5);
    let steps = rows.iter().filter(|row| row.kind == Kind::Step && row.task == block.task);
    assert_eq!(steps.map(|row| row.took.as_secs()).collect::<Vec<_>>(), [0, 5000]);
    assert!(rows.iter().all(|row| row.clock == Clock::Virtual), "{rows:#?}");
}

#[test]
fn a_timeline_knows_what_is_awaited_and_how_tasks_ended() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio
async def get(queue):
    return await queue.get()
async def fails():
    raise OSError('gone')
async def main():
    queue = asyncio.Queue()
    getter = asyncio.create_task(get(queue), name='getter')
    async with asyncio.timeout(9):
        await asyncio.gather(asyncio.sleep(2), fails(), return_exceptions=True)
    getter.cancel()
    await asyncio.wait([getter])");
    let text = notebook.ok("%%timeline --text --width 120\nawait main()");
    let row = |name: &str| {
        let found = text.lines().find(|line| line.contains(name));
        found.unwrap_or_else(|| panic!("{name}\n{text}")).to_owned()
    };
    assert!(text.starts_with("4 tasks · 2 s of virtual time\n"), "{text}");
    assert!(row("cell 2").ends_with("✔ gather 2 s"), "{text}");
    assert!(row("getter  get  line 8").ends_with("⊘ queue.get 2 s"), "{text}");
    assert!(row("sleep  line 10").ends_with("✔ sleep 2 s"), "{text}");
    assert!(row("fails  line 10").ends_with("✘ OSError: gone"), "{text}");
}
