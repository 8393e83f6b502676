"""Hooks of the property-based API tests.

The hooks limit how long a call waits, never follow an endless stream, and replace some random values by valid ones: the id
that belongs to a task, the id of an existing task, or the cluster of a worker.
"""

import atexit
import collections
import hashlib
import json
import os
import pathlib
import re
import uuid

import schemathesis

TOKENS = {role: os.environ[f"CUBE_API_TOKEN_{role.upper()}"] for role in ("read", "write", "worker")}
TASK_NAMES = uuid.UUID("ba6ba5c5-aaac-41cf-affe-a94f27dfc83b")
CLUSTER = os.environ["CUBE_API_CLUSTER"]
SPAN = re.compile(r"\d{1,12}(ms|s|m|h)")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NULL_DIGEST = "sha256:" + 64 * "0"

# The ids of tasks that the server has accepted, the latest last.
known = []

# The number of responses by call and status code, for the program that started this one.
tally = collections.defaultdict(collections.Counter)
atexit.register(lambda: pathlib.Path(os.environ["CUBE_API_TALLY"]).write_text(json.dumps(tally)))


def share(case, of):
    """Returns a number below `of` that is always the same for the same case."""
    text = repr((case.path, case.method, case.path_parameters, case.query, case.body))
    return hashlib.sha256(text.encode(errors="replace")).digest()[0] % of


@schemathesis.hook
def before_call(context, case, kwargs):
    authorize(case)
    query = case.query if isinstance(case.query, dict) else {}
    if "follow" in query:
        query["follow"] = "false" if str(query["follow"]).lower() in ("", "true", "none", "[]") else query["follow"]
    if SPAN.fullmatch(str(query.get("wait", ""))):
        query["wait"] = "1ms"
    if "cluster" in query and share(case, 8):
        query["cluster"], query["term"] = CLUSTER, "1"
    parameters = case.path_parameters
    if known and isinstance(parameters, dict) and "/tasks/{id}" in case.operation.path and share(case, 4):
        parameters["id"] = known[share(case, len(known))]
    if isinstance(case.body, dict):
        improve(case)


def authorize(case):
    """Sets the token of a role that may make the call, except on every 16th call."""
    security = case.operation.definition.raw.get("security") or []
    turn = tally[case.operation.label].total()
    if security and turn % 16:
        roles = [role for requirement in security for role in requirement.get("token", [])]
        case.headers["Authorization"] = f"Bearer {TOKENS[roles[turn % len(roles)]]}"


def improve(case):
    body = case.body
    if "cluster" in body and "term" in body and share(case, 8):
        body["cluster"], body["term"] = CLUSTER, 1
        if isinstance(body.get("definition"), dict) and share(case, 3):
            body["definition"].update({"command": ["true"], "env_from": [], "files": []})
            body["definition"].pop("image", None)
    if "owner" in body and "pass" in body and share(case, 4):
        body["owner"] = "manual"
    if "task" in body:
        improve_proposal(case, body, body["task"])
    for operation in body["operations"] if isinstance(body.get("operations"), list) else []:
        schedule = operation.get("schedule") if isinstance(operation, dict) else None
        if isinstance(schedule, dict):
            improve_proposal(case, body, schedule.get("task"))
    if case.operation.path.endswith("/settings") and isinstance(body.get("update"), dict):
        body["update"]["id"] = (case.path_parameters or {}).get("id")
    if "verb" in body and isinstance(case.path_parameters, dict) and share(case, 4):
        if share(case, 2):
            body.update({"verb": "suspend", "subject": "web"})
        if isinstance(body.get("subject"), str) and isinstance(body["verb"], str):
            case.path_parameters["name"] = f"{body['verb']}-{body['subject'].replace(':', '-')}"


def improve_proposal(case, body, task):
    """Sets the id that a valid proposal must have."""
    if not isinstance(task, dict) or not isinstance(task.get("definition"), dict) or not share(case, 8):
        return
    if not isinstance(task.get("name"), str) or not LABEL.fullmatch(task["name"]):
        return
    task["attempt"] = 0
    task["definition"]["name"] = task["name"]
    if not DIGEST.fullmatch(str(task.get("spec_digest"))):
        task["spec_digest"] = NULL_DIGEST
    text = f"{CLUSTER}/{body.get('owner')}/{task['name']}/{task.get('ordinal')}/0/{task['spec_digest'][7:]}"
    task["id"] = str(uuid.uuid5(TASK_NAMES, text))


@schemathesis.hook
def after_call(context, case, response):
    tally[case.operation.label][response.status_code] += 1
    if response.status_code == 201 and case.operation.path.endswith("/tasks"):
        known.append(response.json()["id"])
        del known[:-50]
