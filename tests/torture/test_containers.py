"""Promise 18: in a container each command does its work: without /dev/shm, home, user name or a root file system to write to."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount

READ_ONLY = """
mount --bind "$PLACE" "$PLACE"
grep -v ' /\\(proc\\|sys\\|dev\\)' /proc/self/mountinfo | while read -r _ _ _ _ point _; do
    [ "$point" = "$PLACE" ] || mount -o remount,bind,ro "$point" 2>/dev/null || true
done
mount -o remount,bind,ro /
"""
"""Makes everything but the place of the outputs unwritable, /tmp too."""

BARE_DEVICES = """
mkdir "$PLACE/dev"
for device in null zero urandom; do touch "$PLACE/dev/$device"; mount --bind /dev/$device "$PLACE/dev/$device"; done
mount --rbind "$PLACE/dev" /dev
"""

SITUATIONS = {
    "a /dev/shm that is read-only": "mount -t tmpfs -o ro none /dev/shm",
    "a /dev/shm of 64 KB": "mount -t tmpfs -o size=64k none /dev/shm",
    "no /dev/shm": BARE_DEVICES,
    "no HOME": "unset HOME",
    "a HOME that is not there": "export HOME=/nonexistent",
    "a HOME that is a file": 'touch "$PLACE/home"; export HOME="$PLACE/home"',
    "a user without a name": "unset HOME; AS='setpriv --reuid=54321 --regid=54321 --clear-groups "
    "--inh-caps=+dac_override --ambient-caps=+dac_override'",
    "a root that is read-only": READ_ONLY,
    "a root that is read-only, no /dev/shm, no HOME": f"unset HOME; {BARE_DEVICES} {READ_ONLY}",
    "a root that is read-only, a TMPDIR": f'{READ_ONLY} mkdir -p "$PLACE/t"; export TMPDIR="$PLACE/t"',
    "no environment but PATH": "unset $(env | sed -n 's/^\\([A-Za-z_][A-Za-z_0-9]*\\)=.*/\\1/p' "
    "| grep -v '^\\(PATH\\|PLACE\\|PYTHONPATH\\|PYTHONDONTWRITEBYTECODE\\)$')",
}

LIGHT = (
    ("balance", "faces", "out"),
    ("split", "faces", "out"),
    ("augment", "parts", "out"),
    ("report", "table.csv", "--plots", "out"),
    ("report", "table.csv", "--html", "out"),
)
HEAVY = (
    ("crop-faces", "photos", "out", "--size", "32", "--jobs", "1"),
    ("crop-faces", "photos", "out", "--size", "32", "--jobs", "2"),
    ("train", "parts", "out.h5", *world.TINY),
    ("predict", "model.h5", "faces", "-o", "out"),
    ("finetune", "model.h5", "parts", "out.h5", "--epochs", "1", "--quiet"),
    ("ensemble", "model.h5", "model.h5", "out.h5", "--quiet"),
)

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0
    or shutil.which("setpriv") is None
    or subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], check=False).returncode != 0,
    reason="needs a user who may mount",
)


def written(place: Path, line: tuple[str, ...]) -> object:
    out = place / world.output(line)
    found = tree(out) if out.is_dir() else out.read_bytes() if out.exists() else None
    shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
    return found


def run_there(place: Path, prepare: str, line: tuple[str, ...]) -> world.Ended:
    script = f'set -e\nAS=\n{prepare}\ncd "$PLACE"\nexec $AS "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", *world.line(*line)],
        capture_output=True,
        check=False,
        env={**os.environ, "PLACE": str(place)},
        timeout=600,
    )
    shutil.rmtree(place / "dev", ignore_errors=True)
    return world.Ended(done.returncode, done.stdout, done.stderr)


def check(tmp_path: Path, tally: Tally, lines: tuple[tuple[str, ...], ...], situations: int) -> None:
    tally.begin(18, "commands in containers that lack /dev/shm, a home, a user or a file system to write to")
    place = tmp_path / "place"
    world.photos(world.make(place, {"ann": 4, "bob": 4}))
    if lines is HEAVY:
        assert world.run(*world.MODEL, cwd=place).code == 0
    place.chmod(0o777)
    for line in lines:
        ended = world.run(*line, cwd=place)
        assert ended.code == 0, ended.said
        wanted = written(place, line)
        for what, prepare in list(SITUATIONS.items())[-situations:]:
            ended = run_there(place, prepare, line)
            assert (ended.code, ended.said.count("Traceback")) == (0, 0), (what, line, ended.said)
            assert written(place, line) == wanted, (what, line)
            tally.count()


def test_light_commands_in_a_container(tmp_path: Path, tally: Tally) -> None:
    check(tmp_path, tally, LIGHT[: amount(1, 5, 5)], amount(11, 11, 11))


@pytest.mark.slow
@pytest.mark.torture
def test_heavy_commands_in_a_container(tmp_path: Path, tally: Tally) -> None:
    check(tmp_path, tally, HEAVY, amount(1, 3, 11))
