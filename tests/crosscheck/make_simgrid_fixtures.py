"""Play the cases in SimGrid, compare with the stored times, store them; needs SimGrid and g++ (`make crosscheck`).

SimGrid's flow model CM02 with its corrections of TCP switched off is plain max-min sharing. The version is Debian's
3.32: apt-get install libsimgrid-dev g++. With `--time` it only times the all-to-all that the benchmarks refer to.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simulator.flows.faults import instants_s, with_faults
from simulator.flows.paths import Paths
from simulator.flows.routing import Ecmp, crossing, route
from simulator.flows.run import Setting
from tests.crosscheck.simgrid_cases import Case, cases, random_sizes
from tests.small_fabrics import fat_tree

HERE = Path(__file__).parent
FIXTURE = HERE / "fixtures" / "flows" / "simgrid.npz"
SAME = 1e-9
PLAIN = ("network/model:CM02", "network/crosstraffic:0", "network/weight-S:0", "network/TCP-gamma:1e30",
         "network/bandwidth-factor:1", "network/latency-factor:1",
         "surf/precision:1e-12")  # fmt: skip


def times_of_shares(paths: Paths) -> int:
    """Smallest power of two that makes every share a whole number: SimGrid counts a link once for each mention."""
    times = 1
    while len(paths.share) and np.abs(paths.share * times - np.round(paths.share * times)).max() > 1e-9:
        times *= 2
    return times


def way(paths: Paths, flow: int, times: int) -> str:
    """Number of mentions, then the links."""
    row = slice(paths.start[flow], paths.start[flow + 1])
    shares = paths.share[row] if len(paths.share) else np.ones(row.stop - row.start)
    links = np.repeat(paths.link[row], np.round(shares * times).astype(int))
    return f"{len(links)} {' '.join(map(str, links.tolist()))}"


def changes(case: Case, paths: Paths, times: int) -> list[str]:
    """What happens while the flows run: rates of links, and new ways for flows on links that are down."""
    lines, faults, before = [], case.setting.faults, with_faults(case.fabric, case.setting.faults, 0.0)
    for now_s in instants_s(faults):
        after = with_faults(case.fabric, faults, now_s)
        rate = after.link_bytes_per_s
        moving = np.flatnonzero(crossing(paths, rate <= 0))
        if len(moving):
            fresh = route(after, case.flows.chosen(moving), case.setting.routing).paths
            lines += [f"{now_s!r} move {flow} {way(fresh, i, times)}" for i, flow in enumerate(moving.tolist())]
            paths = paths.replaced(moving, fresh)
        changed = np.flatnonzero((rate != before.link_bytes_per_s) & (rate > 0)).tolist()
        lines += [f"{now_s!r} rate {link} {float(rate[link]) * times!r}" for link in changed]
        before = after
    return lines


def written(case: Case) -> str:
    """The case as the driver reads it."""
    fabric = with_faults(case.fabric, case.setting.faults, 0.0)
    paths = route(fabric, case.flows, case.setting.routing).paths
    times = times_of_shares(paths)
    links = zip(np.maximum(fabric.link_bytes_per_s, 1.0) * times, fabric.link_latency_s, strict=True)
    ends = zip(case.flows.source, case.flows.destination, case.flows.start_s, case.flows.size_bytes, strict=True)
    events = changes(case, paths, times)
    lines = [f"{fabric.endpoints} {len(fabric.link_from)} {case.flows.flows} {len(events)}"]
    lines += [f"{float(rate)!r} {float(latency)!r}" for rate, latency in links]
    lines += [
        f"{s} {d} {float(at)!r} {float(size)!r} {way(paths, i, times)}" for i, (s, d, at, size) in enumerate(ends)
    ]
    return "\n".join([*lines, *events, ""])


def played(driver: Path, case: Case) -> np.ndarray:
    """Finish times, and behind them the seconds that SimGrid took."""
    text = driver.with_suffix(".txt")
    text.write_text(written(case))
    options = [f"--cfg={option}" for option in PLAIN]
    done = subprocess.run(
        [driver, text, *options, "--log=root.thres:error"], capture_output=True, text=True, check=True
    )
    return np.array([float(line) for line in done.stdout.split()])


def built(folder: Path) -> Path:
    """The driver, compiled. Ends the program where that cannot be."""
    driver = folder / "simgrid_flows"
    compiler = shutil.which("g++")
    source = HERE / "simgrid_flows.cpp"
    command = [compiler or "g++", "-O2", "-std=c++17", str(source), "-o", str(driver), "-lsimgrid"]
    if compiler is None or subprocess.run(command, check=False).returncode:
        sys.exit("SimGrid or g++ is not installed: apt-get install libsimgrid-dev g++")
    return driver


def main(arguments: Sequence[str]) -> None:
    """Write the fixture if it is new or differs; exit with 1 if it differs."""
    with tempfile.TemporaryDirectory() as name:
        driver = built(Path(name))
        if "--time" in arguments:
            case = Case(fat_tree(128, 8, 3, latency_s=0.0), random_sizes(128, 0), Setting(Ecmp(0)))
            sys.stdout.write(f"all-to-all of 128 hosts: {played(driver, case)[-1]:.1f} s\n")
            return
        made = {name: played(driver, case)[:-1] for name, case in cases().items()}
    worst = np.inf
    if FIXTURE.exists():
        with np.load(FIXTURE) as stored:
            if set(stored) == set(made):
                worst = max(float(np.abs(stored[name] / made[name] - 1).max()) for name in made)
    if worst > SAME:
        np.savez_compressed(FIXTURE, allow_pickle=False, **made)
    sys.stdout.write(f"{len(made)} cases in SimGrid, largest difference from the stored times {worst:.1e}\n")
    sys.exit(int(SAME < worst < np.inf))


if __name__ == "__main__":
    main(sys.argv[1:])
