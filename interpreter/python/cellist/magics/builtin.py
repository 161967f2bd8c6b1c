"""The table of Cellist's own magics: the module of each, and whether it takes a line or a cell."""


def _in(module, kind, *names):
    return {name: (module, kind) for name in names}


TABLE = {
    **_in("timing", "line_cell", "time", "timeit"),
    **_in("checking", "line", "check"),
    **_in("progress", "line", "progress"),
    **_in("packages", "line", "pip", "conda"),
    **_in("running", "line", "run", "rerun", "recall", "rep", "macro", "load", "loadpy", "save"),
    **_in("running", "line", "history", "hist"),
    **_in("namespace", "line", "who", "who_ls", "whos", "reset", "reset_selective", "psearch",
          "precision", "store", "xdel"),
    **_in("environment", "line", "env", "set_env", "cd", "pwd", "ls", "dirs", "pushd", "popd",
          "dhist", "mkdir", "cat"),
    **_in("scripts", "cell", "bash", "sh", "script", "python", "python3", "perl", "ruby"),
    **_in("scripts", "line_cell", "system", "sx"),
    **_in("scripts", "line", "alias", "unalias", "rehashx"),
    **_in("outputs", "cell", "writefile", "file", "capture", "html", "HTML", "javascript", "js",
          "latex", "markdown", "svg", "SVG"),
    **_in("outputs", "line", "matplotlib", "pylab", "gui", "page"),
    **_in("extensions", "line", "load_ext", "unload_ext", "reload_ext", "autoreload", "aimport"),
    **_in("debugger", "line", "debug", "pdb", "tb", "xmode", "colors"),
    **_in("timeline", "cell", "timeline"),
    **_in("simulation", "line_cell", "clock"),
    **_in("tasks", "line", "tasks"),
    **_in("profiling", "line_cell", "prun", "memit"),
    **_in("helping", "line", "lsmagic", "magic", "config", "pinfo", "pinfo2", "psource", "pdoc",
          "pdef", "pfile", "quickref", "connect_info", "subshell", "automagic", "autocall"),
}
