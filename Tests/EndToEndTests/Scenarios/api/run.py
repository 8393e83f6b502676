"""Tests a running manager and a running worker against their own descriptions, with cases that schemathesis generates.

    run.py DIRECTORY            the directory of the programs, such as .build/debug

Every response must have a documented status code, match its schema, and not be a server error. All programs are stopped
at the end, all files are in a temporary directory, and no task runs: the workers use a failing program instead of the
supervisor, which would execute the commands of tasks. CUBE_API_EXAMPLES sets the number of cases per call.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from openapi_spec_validator import validate

HERE = pathlib.Path(__file__).parent
SEED = "20260101"
EXAMPLES = os.environ.get("CUBE_API_EXAMPLES", "20")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method"
)
class Server:
    """A Cube program that serves an API until the end of the `with` block."""

    def __init__(self, programs, data, part, *arguments):
        self.data, self.part = data, part
        data.mkdir(mode=0o700, exist_ok=True)
        self.log = open(data.with_suffix(".log"), "wb")
        environment = {**os.environ, "CUBE_SUPERVISOR": shutil.which("false")}
        command = [programs / "cube", part, "--listen", "127.0.0.1:0", "--data-dir", data, *arguments]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        give_up = time.monotonic() + 120
        while not (self.address() and self.answers()):
            if self.process.poll() is not None or time.monotonic() > give_up:
                sys.exit(f"{self.part} did not start:\n{pathlib.Path(self.log.name).read_text()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def address(self):
        try:
            addresses = json.loads((self.data / "run/addresses.json").read_text())
        except FileNotFoundError:
            return None
        return addresses.get("manager") if self.part == "manager" else next(iter(addresses["workers"]), None)

    def answers(self):
        try:
            return self.get("/readyz", role=None)
        except urllib.error.URLError:
            return None

    def token(self, role):
        return (self.data / "tokens" / role).read_text().strip()

    def get(self, path, role="read"):
        request = urllib.request.Request(self.address() + path)
        if role:
            request.add_header("Authorization", f"Bearer {self.token(role)}")
        return json.load(urllib.request.urlopen(request, timeout=60))

    def hold(self, cluster):
        """Tests the server and returns whether it matches its description."""
        print(f"== {self.part}", flush=True)
        validate(self.get("/openapi.json", role=None))
        environment = {
            **os.environ,
            **{f"CUBE_API_TOKEN_{role.upper()}": self.token(role) for role in ("read", "write", "worker")},
            "CUBE_API_CLUSTER": cluster,
            "CUBE_API_TALLY": str(self.data.with_suffix(".tally")),
            "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        expectations = HERE / f"{self.part}.toml"
        command = [
            pathlib.Path(sys.executable).with_name("schemathesis"),
            *(["--config-file", expectations] if expectations.exists() else []), "run", self.address() + "/openapi.json",
            "--checks", CHECKS, "--seed", SEED, "--max-examples", EXAMPLES, "--generation-database", "none",
            "--suppress-health-check", "all", "--request-timeout", "60", "--continue-on-failure", "--no-color",
            "--warnings", "off",
        ]
        passed = subprocess.run(command, env=environment, cwd=self.data, stdin=subprocess.DEVNULL).returncode == 0
        self.show_tally()
        lives = self.process.poll() is None
        if not lives:
            print(f"the {self.part} ended:\n{pathlib.Path(self.log.name).read_text()}")
        return passed and lives

    def show_tally(self):
        """Prints how often each call returned each status code, which shows what the cases cover."""
        for call, statuses in sorted(json.loads(self.data.with_suffix(".tally").read_text()).items()):
            print(f"{call}:", ", ".join(f"{status} × {count}" for status, count in sorted(statuses.items())))


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="cube-api-") as scratch:
        scratch = pathlib.Path(scratch)
        began = time.monotonic()
        with Server(programs, scratch / "manager", "manager") as manager:
            cluster = manager.get("/api/v1/manager/cluster")["cluster"]
            # All members of a cluster share its tokens.
            (scratch / "joined").mkdir(mode=0o700)
            shutil.copytree(manager.data / "tokens", scratch / "joined/tokens")
            join = ("--name", "joined", "--join", manager.address(), "--token-file", scratch / "joined/tokens/worker")
            # The first worker accepts the manager's tasks. The second has no manager: a worker that has accepted a
            # manager's term rejects calls with the lower terms of generated cases.
            with Server(programs, scratch / "joined", "worker", *join):
                passed = manager.hold(cluster)
        with Server(programs, scratch / "alone", "worker", "--name", "alone") as worker:
            # The first caller determines the cluster of the worker.
            worker.get(f"/api/v1/worker/tasks?term=1&cluster={cluster}", role="worker")
            passed &= worker.hold(cluster)
        print(f"== {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
        sys.exit(0 if passed else 1)


main()
