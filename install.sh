#!/usr/bin/env bash
# Sets Cellist up on Debian or Ubuntu and shows that it works; see `./install.sh --help`.
set -euo pipefail
readonly called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
    cat <<'USAGE'
Usage: ./install.sh [OPTION]...

Builds Cellist, installs it with a JupyterLab of its own, and shows it at work: builds the course,
runs an instructor's notebook, grades a sample submission. Running it again brings all up to date.

  --prefix DIR    install into DIR/bin and DIR/share/cellist   [~/.local]
  --no-lab        do without JupyterLab
  --profile NAME  release, or dev: faster to build, for developers and tests   [release]
  --needs         only install what building needs; tests/run does so, too
  --uninstall     remove what an earlier run installed; your notebooks stay
  --help          print this

It needs cargo (Rust 1.95 or newer) and python3 (3.9 or newer). System packages are installed with apt
only when one is missing; otherwise no root rights are needed.
USAGE
}

readonly steps=7
readonly minimum_rust=95 minimum_python=9
readonly packages=('jupyterlab>=4.4,<5' 'jupyter_client>=8.6' 'nbclient>=0.10')
readonly links=(cellist-kernel cellist-python grader)
prefix=$HOME/.local share='' profile=release lab=yes action=install step=0 doing='reading the options'

data=$HOME/.local/share
if [[ ${XDG_DATA_HOME:-} == /* ]]; then data=$XDG_DATA_HOME; fi
readonly venv=$data/cellist/jupyter
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/cellist/target}

main() {
    read_options "$@"
    trap 'stopped $?' EXIT
    case $action in
    install) install_all ;;
    needs) doing="looking for what is needed" && needs ;;
    uninstall) uninstall ;;
    esac
    trap - EXIT
}

read_options() {
    while (($#)); do
        case $1 in
        --prefix | --profile) (($# > 1)) || usage_error "$1 needs a value" ;;&
        --prefix) prefix=$2 && shift ;;
        --prefix=?*) prefix=${1#*=} ;;
        --profile) profile=$2 && shift ;;
        --profile=*) profile=${1#*=} ;;
        --no-lab) lab=no ;;
        --needs) action=needs ;;
        --uninstall) action=uninstall ;;
        -h | --help) usage && exit 0 ;;
        *) usage_error "there is no option \`$1\`" ;;
        esac
        shift
    done
    case $profile in release | dev) ;; *) usage_error "there is no profile \`$profile\`" ;; esac
    # Symbolic links and the kernelspec need a path that holds from everywhere.
    if [[ $prefix != /* ]]; then prefix=$called_from/$prefix; fi
    share=$prefix/share/cellist
}

usage_error() {
    printf 'install.sh: %s; try ./install.sh --help\n' "$1" >&2
    exit 2
}

install_all() {
    begin "System packages and compilers"
    needs

    begin "JupyterLab"
    if [[ $lab == yes ]]; then jupyterlab; else echo "left out, as told by --no-lab"; fi

    begin "Build"
    build

    begin "Install into $prefix"
    install_files

    begin "Kernel"
    "$prefix/bin/cellist" kernel install

    begin "The course: build the notebooks and run them"
    course

    begin "The grader: grade a sample submission"
    grade_sample

    next
}

# ---- what must be there -----------------------------------------------------------------------------

needs() {
    # Where rustup puts cargo, for shells that were started before it did.
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    system_packages
    compilers
}

system_packages() {
    local missing=()
    have python3 || missing+=(python3)
    compiles '#include <stdio.h>' || missing+=(gcc libc6-dev)
    # Python calls C functions through it (ctypes).
    compiles '#include <ffi.h>' || missing+=(libffi-dev)
    if [[ $lab == yes ]] && ! python3 -c 'import ensurepip, venv' &>/dev/null; then missing+=(python3-venv); fi
    if ((${#missing[@]} == 0)); then
        echo "all there"
        return
    fi

    local command="apt-get install -y ${missing[*]}"
    echo "missing: ${missing[*]}"
    if ! have apt-get; then
        die "there is no apt-get here" "install these yourself: ${missing[*]}"
    elif ((EUID == 0)); then
        echo "installing with: $command"
        apt_install "${missing[@]}"
    elif have sudo; then
        echo "installing with: sudo $command"
        apt_install "${missing[@]}"
    else
        die "installing needs root rights, and there is no sudo" "type as root: $command"
    fi
}

compiles() { cc -E - <<<"$1" &>/dev/null; }

apt_install() {
    local sudo=()
    if ((EUID != 0)); then sudo=(sudo); fi
    if ! { "${sudo[@]}" apt-get update -qq &&
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null; }; then
        die "apt-get could not install: $*" "install them by hand and run ./install.sh again"
    fi
}

compilers() {
    have cargo || die "there is no cargo" "install Rust from https://rustup.rs, then run ./install.sh again"
    local rust python
    rust=$(rustc --version) || die "cargo is there, but rustc does not run" "type: rustup default stable"
    if ! [[ $rust =~ ^rustc\ 1\.([0-9]+) ]] || ((BASH_REMATCH[1] < minimum_rust)); then
        die "Cellist needs Rust 1.$minimum_rust or newer, and this is $rust" \
            "type: rustup update stable; without rustup, install it from https://rustup.rs"
    fi
    python=$(python3 -c 'import sys; print("%d %d" % sys.version_info[:2])')
    if [[ ${python% *} != 3 ]] || ((${python#* } < minimum_python)); then
        die "JupyterLab needs Python 3.$minimum_python or newer, and this is ${python/ /.}" \
            "put a newer python3 first on the PATH"
    fi
    echo "$rust, Python ${python/ /.}"
}

jupyterlab() {
    local wanted="${packages[*]}" stamp=$venv/cellist-packages
    if [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && "$venv/bin/python" -c 'import jupyterlab, nbclient' 2>/dev/null; then
        echo "up to date: $venv"
        return
    fi
    echo "making $venv (about a minute)"
    mkdir -p "$data/cellist"
    # Cleared, for an environment that lost its Python to an upgrade of the system cannot be repaired.
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}" ||
        die "pip could not install JupyterLab" "check the connection and run ./install.sh again, or use --no-lab"
    # Else JupyterLab asks every new learner about its own news.
    "$venv/bin/jupyter" labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements &>/dev/null
    printf '%s\n' "$wanted" >"$stamp"
    echo "JupyterLab $("$venv/bin/jupyter" lab --version)"
}

build() {
    local options=(--locked --ignore-rust-version) minutes=10
    if [[ $profile == release ]]; then options+=(--release) && minutes=20; fi
    if [[ ! -d $CARGO_TARGET_DIR/$(build_folder) ]]; then
        echo "the first build takes about $minutes minutes on two cores; it holds a whole Python"
    fi
    cargo build "${options[@]}" || die "the build failed" "see cargo's message above"
}

build_folder() { if [[ $profile == release ]]; then echo release; else echo debug; fi; }

# ---- what is installed --------------------------------------------------------------------------------

install_files() {
    local bin=$prefix/bin link
    mkdir -p "$bin" "$share" 2>/dev/null ||
        die "cannot write to $prefix" "choose another folder with --prefix"
    for link in "${links[@]}"; do
        if [[ -e $bin/$link || -L $bin/$link ]] && ! ours "$bin/$link"; then
            die "$bin/$link is not Cellist's" "move it away, or choose another folder with --prefix"
        fi
    done

    # Renamed into place: a kernel that is running keeps the executable it was started from.
    install -m 755 "$CARGO_TARGET_DIR/$(build_folder)/cellist" "$bin/.cellist.new"
    mv "$bin/.cellist.new" "$bin/cellist"
    for link in "${links[@]}"; do ln -sfn cellist "$bin/$link"; done
    echo "$bin/cellist, and as links to it: ${links[*]}"

    case :$PATH: in
    *:"$bin":*) ;;
    *) echo "note: $bin is not on your PATH; see the end" ;;
    esac
}

ours() { [[ -L $1 && $(readlink "$1") == cellist ]]; }

uninstall() {
    local bin=$prefix/bin link
    step=1 doing="removing what was installed"
    if [[ -x $bin/cellist ]]; then
        "$bin/cellist" kernel uninstall || echo "note: the kernel was not installed"
    fi
    for link in "${links[@]}"; do
        if ours "$bin/$link"; then rm -f "$bin/$link"; fi
    done
    rm -f "$bin/cellist"
    rm -rf "${share:?}/course" "$share/specs" "$share/.built" "$venv"
    rmdir "$share" "$data/cellist" 2>/dev/null || true
    echo "Cellist is removed from $prefix."
    echo "Your notebooks stay, and so do the compiled crates: rm -r $CARGO_TARGET_DIR"
    local history=$data/cellist/history.sqlite
    if [[ -e $history ]]; then echo "The history of your cells stays too: rm $history*"; fi
}

# ---- the main job ---------------------------------------------------------------------------------------

course() {
    local built notebook folder
    built=$share/.built
    rm -rf "$built"
    "$prefix/bin/cellist" notebooks build --out "$built" | tail -n 1

    # One shows that the kernel works; `cellist notebooks verify` proves the others.
    notebook=$built/instructor/async-exercises/01-coffee-shop.ipynb
    echo "running ${notebook#"$built"/} in real time"
    run_notebook "$notebook"
    show_output "$notebook"

    # What `cellist lab` hands out, and what `cellist grade` needs. Solutions are not installed.
    for folder in student:course specs:specs; do
        rm -rf "${share:?}/${folder#*:}"
        mv "$built/${folder%:*}" "$share/${folder#*:}"
    done
    rm -rf "$built"
    echo "installed: $share/course, $share/specs"
}

run_notebook() {
    if [[ $lab == yes ]]; then
        # The way of every Jupyter: by the kernelspec, over the sockets. Not into the learner's history.
        CELLIST_HISTORY=off "$venv/bin/jupyter" execute --NbClientApp.log_level=WARN --inplace "$1"
    else
        "$prefix/bin/cellist" run "$1" --output "$1"
    fi || die "$1 did not run to its end" "report it, with what stands above"
}

# The text that the last cells of a notebook printed.
show_output() {
    python3 - "$1" <<'PYTHON'
import json, sys

cells = json.load(open(sys.argv[1], encoding="utf-8"))["cells"]
streams = [
    output
    for cell in cells
    for output in cell.get("outputs", [])
    if output["output_type"] == "stream" and output["name"] == "stdout"
]
lines = "".join(text for stream in streams for text in stream["text"]).splitlines()
for line in lines[-8:]:
    print("  |", line)
PYTHON
}

grade_sample() {
    "$prefix/bin/cellist" grade notebooks/course/samples --spec "$share/specs" ||
        die "the sample was not graded" "report it, with what stands above"
}

next() {
    local bin=$prefix/bin command=cellist
    printf '\nCellist is installed (%d seconds).\n' "$SECONDS"
    case :$PATH: in
    *:"$bin":*) ;;
    *)
        command=$bin/cellist
        # shellcheck disable=SC2016 # the learner's shell is to expand it
        printf 'To call it by its name, add to ~/.bashrc:  export PATH="%s:$PATH"\n' "$bin"
        ;;
    esac
    if [[ $lab == yes ]]; then
        printf '\nNext, open the course:  %s lab\n' "$command"
    else
        printf '\nNext, look around:  %s --help\n' "$command"
    fi
}

# ---- talking ------------------------------------------------------------------------------------------------

begin() {
    step=$((step + 1)) doing=$1
    printf '\n[%d/%d] %s (%d s)\n' "$step" "$steps" "$1" "$SECONDS"
}

have() { command -v "$1" >/dev/null; }

die() {
    printf '\ninstall.sh: %s\n  next: %s\n' "$1" "$2" >&2
    doing=
    exit 1
}

stopped() {
    if (($1)) && [[ -n $doing ]]; then
        printf '\ninstall.sh: stopped at step %d: %s\n' "$step" "$doing" >&2
        printf '  next: see the message above, then run ./install.sh again; finished steps are quick\n' >&2
    fi
}

main "$@"
