# SPDX-License-Identifier: MIT
"""The stages of tests/run: builds, runs, counts. Called by tests/run, which installs what this needs."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
RESULTS = BUILD / "results"
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir", "tests", "-q"]
DIRECTORIES = ["--sysconfdir=/etc", "--localstatedir=/var", "--runstatedir=/run"]
BUILDS = {
    "asan": ["--enable-sanitize=address,undefined", "--enable-werror"],
    "clang": ["--enable-werror", "CC=clang", "SMALL_CC=clang"],  # vipd-exec without musl
    "tsan": ["--enable-sanitize=thread", "--enable-werror"],
    "fast": [*DIRECTORIES, "--enable-werror", "CFLAGS=-O2 -g"],
    "fuzz": ["--enable-fuzz", "--enable-sanitize=address,undefined", "CC=clang"],
}


class Tally:
    """What has been counted so far; failures and skips are kept with their reasons for the end."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def add(self, name, good, why=""):
        if good:
            self.passed += 1
        else:
            self.failed.append((name, why))


class Run:
    def __init__(self, options):
        self.options, self.tally = options, Tally()
        self.words = [name for name in options.names if name not in STAGES]
        named = [name for name in options.names if name in STAGES]
        self.stages = named or [name for name in STAGES if not self.words or STAGES[name].selects]

    def selected(self, name):
        return not self.words or any(word in name for word in self.words)

    def command(self, log, argv, timeout=1800, cwd=ROOT, env=None):
        """Runs a command with its output in build/results/LOG.log; returns its status."""
        with open(RESULTS / f"{log}.log", "ab") as output:
            output.write(f"\n$ {' '.join(map(str, argv))}\n".encode())
            output.flush()
            try:
                return subprocess.run(list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                      cwd=cwd, timeout=timeout, env={**os.environ, **(env or {})}, check=False).returncode
            except subprocess.TimeoutExpired:
                output.write(f"\nkilled after {timeout} s\n".encode())
                return 124

    def build(self, kind, *targets):
        """Configures and makes build/KIND; a build that fails is one failed test."""
        folder = BUILD / kind
        folder.mkdir(parents=True, exist_ok=True)
        log = f"build-{kind}"
        if not (ROOT / "configure").exists() and self.command(log, ["./autogen.sh"]):
            return self.broken(log)
        if not (folder / "config.status").exists() and self.command(log, ["../../configure", "-q", *BUILDS[kind]],
                                                                    cwd=folder):
            return self.broken(log)
        if self.command(log, ["make", f"-j{os.cpu_count()}", *targets], cwd=folder):
            return self.broken(log)
        self.tally.add(log, True)
        return folder

    def broken(self, log):
        self.tally.add(log, False, tail(RESULTS / f"{log}.log"))

    def junit(self, stage, path, status):
        """Counts pytest's report; one that is missing or at odds with the status is a failure."""
        before = len(self.tally.failed)
        if not path.exists():
            return self.tally.add(stage, False, f"no report, status {status}\n" + tail(RESULTS / f"{stage}.log"))
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            name = f"{stage}: {case.get('classname')}.{case.get('name')}"
            bad = [child for child in case if child.tag in ("failure", "error")]
            skip = case.find("skipped")
            if bad:
                self.tally.add(name, False, bad[0].get("message", "") + "\n" + (bad[0].text or "")[-3000:])
            elif skip is not None:
                self.tally.skipped.append((name, skip.get("message", "")))
            else:
                self.tally.add(name, True)
        if status not in (0, 1) or (status == 1 and len(self.tally.failed) == before):
            self.tally.add(stage, False, f"pytest ended with status {status}\n" + tail(RESULTS / f"{stage}.log"))


def tail(path, lines=25):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""


def pytest_files(run, folder):
    """Files the words select; a word that names no file may still name tests, which -k finds."""
    files = sorted((ROOT / "tests" / folder).glob("test_*.py"))
    matching = [path for path in files if run.selected(path.stem)]
    return [str(path.relative_to(ROOT)) for path in matching]


# ---- stages: each a function of the run, in this order ----

def lint(run):
    """Rules of the code: include arrows, sizes, format, words."""
    for script in sorted((ROOT / "tests/lint").iterdir()):
        if os.access(script, os.X_OK) and script.is_file() and run.selected(script.name):
            status = run.command(f"lint-{script.name}", [script], timeout=600)
            said = tail(RESULTS / f"lint-{script.name}.log")
            if status == 77:
                run.tally.skipped.append((f"lint {script.name}", said))
            else:
                run.tally.add(f"lint {script.name}", status == 0, said)


def unit_programs(folder):
    text = (folder / "Makefile").read_text()
    found = re.search(r"^am__append_\d+ = \$\(UNIT_TESTS\)", text, re.M)
    assert found, "Makefile without unit tests (libcmocka-dev missing at configure?)"
    return re.findall(r"tests/unit/test_\w+", re.search(r"^UNIT_TESTS = ((?:.*\\\n)*.*)", text, re.M)[1])


def check(run, kind):
    """make check in one build, counted by cmocka's own figures."""
    folder = run.build(kind)
    if not folder:
        return
    programs = [name for name in unit_programs(folder) if run.selected(name)]
    if not programs:
        return
    log = f"check-{kind}"
    run.command(log, ["make", "-j2", "check", f"TESTS={' '.join(programs)}"], cwd=folder)
    for program in programs:
        count_program(run.tally, f"{kind} {program}", folder / f"{program}.trs", folder / f"{program}.log")


def count_program(tally, name, trs, log):
    result = re.search(r":test-result: (\w+)", trs.read_text()) if trs.exists() else None
    text = log.read_text(errors="replace") if log.exists() else ""
    passed, failed = (sum(map(int, re.findall(rf"\[  {word}  \] (\d+) test", text))) for word in ("PASSED", "FAILED"))
    tally.passed += passed
    for case in sorted(set(re.findall(r"\[  FAILED  \] (?!\d+ test)(\S+)", text))):
        tally.add(f"{name}: {case}", False, "see " + str(log.relative_to(ROOT)))
        failed -= 1
    if result is None or (result[1] != "PASS" and not re.search(r"\[  FAILED  \]", text)):
        tally.add(name, False, tail(log) or "did not run")
    elif result[1] == "PASS" and not passed:
        tally.add(name, True)


def unit(run):
    """Unit tests under AddressSanitizer and UndefinedBehaviorSanitizer, gcc."""
    check(run, "asan")


def clang(run):
    """The same by clang, without sanitizers."""
    check(run, "clang")


def tsan(run):
    """The thread primitives under ThreadSanitizer."""
    folder = run.build("tsan", "tests/unit/test_base")
    if folder:
        status = run.command("tsan", ["tests/unit/test_base"], cwd=folder, timeout=300)
        run.tally.add("tsan test_base", status == 0, tail(RESULTS / "tsan.log"))


def corpus_of(target):
    """The committed seeds of a fuzz target: tests/fuzz/corpus/NAME for fuzz_NAME."""
    return ROOT / "tests/fuzz/corpus" / target.name.removeprefix("fuzz_")


def fuzz_one(run, target, seconds):
    seeds, new = corpus_of(target), RESULTS / f"new-{target.name}"
    new.mkdir(exist_ok=True)
    dictionary = seeds.with_suffix(".dict")
    common = [target, "-rss_limit_mb=1024", "-timeout=10", f"-artifact_prefix={RESULTS}/{target.name}-"]
    count = sum(path.is_file() for path in seeds.rglob("*")) if seeds.exists() else 0
    good = count and run.command(target.name, [*common, "-runs=0", seeds], timeout=300) == 0
    run.tally.add(f"{target.name}: {count} seeds replayed", good, tail(RESULTS / f"{target.name}.log"))
    words = [f"-max_total_time={seconds}"] + ([f"-dict={dictionary}"] if dictionary.exists() else [])
    status = run.command(target.name, [*common, *words, new, *([seeds] if count else [])], timeout=seconds + 120)
    run.tally.add(f"{target.name}: {seconds} s", status == 0, tail(RESULTS / f"{target.name}.log"))


def fuzz(run):
    """Every fuzz target: its seeds, then new inputs for a while."""
    folder = run.build("fuzz")
    if not folder:
        return
    seconds = 5 if run.options.quick else 60
    targets = [path for path in sorted((folder / "tests/fuzz").glob("fuzz_*"))
               if path.is_file() and os.access(path, os.X_OK) and run.selected(path.name)]
    if not targets and not run.words:
        run.tally.add("fuzz", False, "no fuzz target was built")
    # They share nothing, and each keeps one processor busy.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda target: fuzz_one(run, target, seconds), targets))


def dist(run):
    """make distcheck: the tarball builds, tests, installs and uninstalls by itself."""
    folder = run.build("asan")
    if folder:
        status = run.command("distcheck", ["make", "-j2", "distcheck"], cwd=folder)
        run.tally.add("distcheck", status == 0, tail(RESULTS / "distcheck.log"))


def documents(run):
    """Configurations out of documents about keepalived: $VIPD_SEEDS, or shared/seeds beside the checkout."""
    folder = pathlib.Path(os.environ.get("VIPD_SEEDS") or ROOT.parent / "shared/seeds")
    if not any(folder.glob("*.txt")):
        run.tally.skipped.append(("documents", f"no documents (*.txt) in {folder}; name their folder in VIPD_SEEDS"))
        return
    build = run.build("fast")
    if not build:
        return
    log = RESULTS / "documents.log"
    status = run.command("documents", ["tests/conf/documents", build / "tests/tools/confcheck"],
                         env={"VIPD_SEEDS": str(folder)})
    found = re.findall(r"^(ok|FAILED): ([^:]+)", log.read_text(errors="replace"), re.M)
    for result, name in found:
        run.tally.add(f"documents: {name}", result == "ok", f"see {log.relative_to(ROOT)}")
    if not found or (status and all(result == "ok" for result, _ in found)):
        run.tally.add("documents", False, f"status {status}\n" + tail(log))


def keep_folder(stage):
    folder = RESULTS / f"kept-{stage}"
    folder.mkdir(exist_ok=True)
    return {"VIPD_KEEP": str(folder), "VIPD_BUILD": str(BUILD / "fast")}


# These take longest, and not because they are large.
NET_FIRST = ["test_hung_snmpd", "test_vrrp_matrix", "test_reload_routers"]


def net_file(run, path):
    """One file of tests in a pytest of its own; returns what Run.junit() counts."""
    stage = f"net-{path.stem}"
    report = RESULTS / f"{stage}.xml"
    report.unlink(missing_ok=True)
    return stage, report, run.command(stage, [*PYTEST, f"--junitxml={report}", path], env=keep_folder("net"))


def net(run):
    """Daemons in network namespaces, native kernel."""
    files = [ROOT / name for name in pytest_files(run, "net")]
    if not files or not run.build("fast"):
        return
    files.sort(key=lambda path: (path.stem in NET_FIRST, path.stat().st_size), reverse=True)
    # Most tests wait nearly all of the time, and a laboratory shares nothing with another. What is judged to the moment
    # is judged beside a thread that measures how late the machine is (lab.Pulse).
    with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
        ran = list(pool.map(lambda path: net_file(run, path), files))
    for stage, report, status in ran:
        run.junit(stage, report, status)


def vm(run):
    """Everything that needs IPVS: natively where the kernel has it, in one virtual machine otherwise."""
    files = pytest_files(run, "vm")
    if not files or not run.build("fast"):
        return
    out = RESULTS / "vm"
    out.mkdir(exist_ok=True)
    report = out / "vm.xml"
    report.unlink(missing_ok=True)
    pytest = [*PYTEST, f"--junitxml={report}", *files]
    environment = {**keep_folder("vm"), "VM_OUT": str(out), "VIPD_KEEP": str(out)}
    if run.command("vm", ["tests/vm/has_ipvs"]) == 0:
        status = run.command("vm", pytest, env=environment)
    elif run.command("vm", ["tests/deps", "kernel"]) == 0:
        script = RESULTS / "vm-script"
        script.write_text(f"export VIPD_KEEP='{out}' VIPD_BUILD='{BUILD / 'fast'}'\n" + " ".join(pytest) + "\n")
        status = run.command("vm", ["tests/vm/vm", "-m", "1536", "-t", "2400", script], timeout=2500, env=environment)
    else:
        run.tally.skipped.append(("vm", "no ip_vs in this kernel, and no kernel for the virtual machine to be had:\n"
                                  + tail(RESULTS / "vm.log", 3)))
        return
    run.junit("vm", report, status)


def bare(run):
    """The README alone: a fresh clone on a bare Debian system, ./quickstart."""
    status = run.command("bare", ["tests/bare"])
    if status == 77:
        run.tally.skipped.append(("bare", tail(RESULTS / "bare.log", 1)))
    else:
        run.tally.add("bare: a fresh clone on a bare Debian 12", status == 0, tail(RESULTS / "bare.log"))


for function, by_word in ((lint, False), (unit, True), (clang, False), (tsan, False), (fuzz, True), (dist, False),
                          (documents, False), (net, True), (vm, True), (bare, False)):
    function.selects = by_word
STAGES = {function.__name__: function for function in (lint, unit, clang, tsan, fuzz, dist, documents, net, vm, bare)}


def main():
    parser = argparse.ArgumentParser(prog="tests/run", description="Runs the tests; see the head of tests/run.")
    parser.add_argument("--quick", action="store_true", help="5 s for each fuzz target")
    parser.add_argument("--list", action="store_true", help="name the stages")
    parser.add_argument("names", nargs="*", help="stages, or parts of test names")
    options = parser.parse_args()
    if options.list:
        for name, function in STAGES.items():
            print(f"{name:9} {function.__doc__.splitlines()[0]}")
        return 0
    RESULTS.mkdir(parents=True, exist_ok=True)
    for old in RESULTS.glob("*.log"):
        old.unlink()
    run, tally = Run(options), None
    tally = run.tally
    for name in run.stages:
        began, before, bad = time.monotonic(), tally.passed, len(tally.failed)
        print(f"{name:9} {STAGES[name].__doc__.splitlines()[0]}", flush=True)
        STAGES[name](run)
        print(f"          {tally.passed - before} passed, {len(tally.failed) - bad} failed, "
              f"{time.monotonic() - began:.0f} s", flush=True)
        for failed, why in tally.failed[bad:]:
            print(f"FAILED {failed}\n  " + why.strip().replace("\n", "\n  "), flush=True)
    for name, why in tally.skipped:
        print(f"SKIPPED {name}: {why}")
    if not tally.passed and not tally.failed and not tally.skipped:
        tally.add("tests/run", False)
        print("FAILED nothing matches: " + " ".join(options.names))
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
