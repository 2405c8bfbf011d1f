"""Print the lock file: what pip chooses for pyproject.toml here and now, with the digest of each file."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = """\
# What CI installs: `pip install --require-hashes -r requirements.lock`, then celebtool itself without dependencies.
# For Python 3.11 on Linux x86-64, the extras demo and dev among them. `make lock` writes it anew.
"""

with tempfile.TemporaryDirectory() as directory:
    report = Path(directory) / "report.json"
    options = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, ".[demo,dev]"], check=True)  # noqa: S603
    chosen = json.loads(report.read_text())["install"]

entries = []
for item in chosen:
    name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
    if name != "celebtool":
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        entries.append(f"{name}=={item['metadata']['version']} \\\n    --hash=sha256:{digest}\n")
sys.stdout.write(HEAD + "".join(sorted(entries)))
