"""`usage_request`: what Jupyter's displays of resource usage ask for."""

import os
import socket

from kernel.client import Kernel


def test_usage_tells_what_ipykernel_tells(kernel: Kernel) -> None:
    first = kernel.request("usage_request", channel="control").content
    assert first["status"] == "ok"
    assert first["hostname"] == socket.gethostname() and first["pid"] == kernel.process.pid
    assert first["cpu_count"] == os.cpu_count() and first["kernel_cpu"] == 0
    assert 1 << 20 < first["kernel_memory"] < 1 << 30
    host = first["host_virtual_memory"]
    assert {"total", "available", "percent", "used", "free", "active", "inactive", "buffers", "cached",
            "shared", "slab"} == set(host)
    assert host["total"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < host["available"] <= host["total"] and 0 <= host["percent"] <= 100


def test_usage_is_of_the_time_since_the_last_and_counts_children(kernel: Kernel) -> None:
    before = kernel.request("usage_request", channel="control").content
    kernel.run(
        "import time\n"
        "begun = time.process_time()\n"
        "while time.process_time() < begun + 0.5: pass\n"
        "held = bytearray(b'x') * 150_000_000\n"
        "import subprocess; child = subprocess.Popen(['sleep', '1000'])")
    after = kernel.request("usage_request", channel="control").content
    assert after["kernel_cpu"] > 1 and 0 < after["host_cpu_percent"] <= 100
    assert after["kernel_memory"] > before["kernel_memory"] + 75_000_000
    kernel.run("child.kill(); child.wait()")


def test_usage_is_told_while_a_cell_runs(kernel: Kernel) -> None:
    busy = kernel.start("print('begun')\nwhile True: pass")
    kernel.await_output(busy, "begun")
    kernel.send("control", "usage_request")
    assert kernel.receive("control")["content"]["pid"] == kernel.process.pid
    kernel.interrupt()
    kernel.finish(busy)
