"""From a student's file to a command that can be run."""

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import processes
from words import Unfit

ROOT = Path(__file__).resolve().parents[2]
LABS = ROOT / "docs/course/labs"
# The reactor and the handlers, built once, for the labs that use them.
BUNSHIN = Path(os.environ.get("BUNSHIN_LABS_BUILD", ROOT / "build/labs"))
COMPILE_SECONDS = 10
SHOWN_LINES = 12


def build_bunshin():
    """Builds what the labs with bunshin are linked with, or nothing when it is there and current."""
    installed = BUNSHIN / "installed"
    if installed.is_dir() and not os.access(BUNSHIN, os.W_OK):
        return  # somebody else's, who has built it for all
    BUNSHIN.mkdir(parents=True, exist_ok=True)
    if not installed.is_dir():
        print(f"grade: building bunshin once, a minute or two: {BUNSHIN}", file=sys.stderr)
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    with open(BUNSHIN / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (
                ["cmake", *generator, "-S", ROOT, "-B", BUNSHIN, "-DBUNSHIN_BUILD_BRIDGE=OFF",
                 f"-DCMAKE_INSTALL_PREFIX={installed}", "-DCMAKE_INSTALL_LIBDIR=lib"],
                ["cmake", "--build", BUNSHIN, "--parallel", str(os.cpu_count())],
                ["cmake", "--install", BUNSHIN]):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode:
                print(done.stdout + done.stderr, file=sys.stderr)
                sys.exit(f"grade: bunshin can not be built: {shlex.join(map(str, command))}")


def bunshin_flags():
    environment = {**os.environ, "PKG_CONFIG_PATH": str(BUNSHIN / "installed/lib/pkgconfig")}
    found = subprocess.run(["pkg-config", "--cflags", "--libs", "bunshin-handlers"],
                           env=environment, capture_output=True, text=True)
    if found.returncode:
        sys.exit(f"grade: {found.stderr.strip()}")
    return found.stdout.split()


def first_lines(path):
    with open(path, errors="replace") as file:
        text = file.read(100_000)
    lines = text.strip().split("\n")
    return "\n".join(line[:300] for line in lines[:SHOWN_LINES])


def compile_with(command, folder):
    """Raises Unfit when the compiler refuses, or does not come to an end."""
    log = Path(folder) / "compiler.log"
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(folder)}
    with open(log, "wb") as output:
        compiler = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=output, env=environment, start_new_session=True)
    try:
        status = compiler.wait(COMPILE_SECONDS)
    except subprocess.TimeoutExpired:
        raise Unfit("does_not_compile",
                    f"the compiler did not come to an end in {COMPILE_SECONDS} s",
                    f"コンパイルが {COMPILE_SECONDS} 秒で終わりません") from None
    finally:
        processes.end_all_below(compiler.pid)
        compiler.kill()
        compiler.wait()
    if status:
        lines = first_lines(log)
        raise Unfit("does_not_compile", "\n" + lines, "\n" + lines)


def build(lab, file, folder):
    """The command that runs `file`; what it needs is in `folder`."""
    if file.suffix == ".py":
        for source, name in ((file, file.name), (LABS / "lab.py", "lab.py")):
            shutil.copyfile(source, folder / name)
            (folder / name).chmod(0o644)
        compile_with([sys.executable, "-c", "import sys; compile(open(sys.argv[1], 'rb').read(), "
                      "sys.argv[1], 'exec', dont_inherit=True)", file.name], folder)
        return [sys.executable, "-B", file.name]
    program = folder / file.stem
    flags = bunshin_flags() if lab.with_bunshin else []
    # A compiler evaluates, but it runs nothing of what it compiles.
    compile_with(["prlimit", "--core=0", f"--as={4 << 30}", f"--fsize={64 << 20}", "--",
                  os.environ.get("CXX", "g++"), "-std=c++20", "-O1", "-Wall", "-Wextra", "-pthread",
                  "-I", LABS, file.resolve(), "-o", program, *flags], folder)
    return [str(program)]
