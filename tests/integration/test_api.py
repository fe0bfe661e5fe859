#!/usr/bin/env python3
"""The API on private services: what each route does, what it refuses, and to whom."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import api_world as world  # noqa: E402

CANARY = "canary-" + uuid.uuid4().hex
ORDERS = {
    "name": "Orders",
    "triggers": [
        {"id": "hook", "type": "WEBHOOK", "config": {"path": "orders"}},
        {"id": "tick", "type": "SCHEDULED", "cronExpression": "0 3 * * *",
         "config": {"timezone": "Europe/Berlin"}},
        {"id": "go", "type": "MANUAL"}],
    "steps": [
        {"id": "call", "type": "ACTION", "integrationId": "http", "integrationActionId": "request",
         "inputMappings": {"url": "${ .vars.base }/x", "headers": {"x-key": "${ .secrets.KEY }"}},
         "retry": {"maxAttempts": 2}, "timeoutMs": 60000, "nextSteps": ["end"]},
        {"id": "end", "type": "TRANSFORM", "inputMappings": {"total": "${ .input.total }"}}],
}
BROKEN = {"name": "broken", "triggers": [
    {"id": "tick", "type": "SCHEDULED", "cronExpression": "every day",
     "config": {"timezone": "Europe/Atlantis"}}],
          "steps": [{"id": "a", "type": "ACTION", "integrationId": "crm",
                     "integrationActionId": "sync", "nextSteps": ["nowhere"]},
                    {"id": "b", "type": "NO_SUCH"}]}


def setUpModule():
    global gateway, one, two
    world.services_up()
    gateway = world.Gateway().start()
    one, two = (world.Tenant(gateway, name) for name in ("one", "two"))


def tearDownModule():
    try:
        gateway.stop()
    finally:
        world.services_down()


def key():
    return "t-" + uuid.uuid4().hex[:12]


def published(tenant, definition=None, **more):
    """A workflow of the tenant's editor with one version: (template, version)."""
    name = key()
    made = tenant.editor.put(f"/v1/templates/{name}",
                             {"workflowData": definition or ORDERS, "isPublic": True, **more})
    assert made.status == 201, made.text
    version = tenant.editor.post(f"/v1/templates/{name}/publish")
    assert version.status == 201, version.text
    return made.json, version.json


class Case(unittest.TestCase):
    maxDiff = None

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer.text)
        self.assertEqual(answer.json["requestId"], answer.headers["X-Request-Id"])
        return answer.json


class Doors(Case):
    def test_without_a_valid_key_every_route_is_closed(self):
        admin = one.keys["ADMIN"]
        wrong = ("", "none", admin[:-1] + ("0" if admin[-1] != "0" else "1"),
                 re.sub("hr_.{36}", f"hr_{uuid.uuid4()}", admin), admin.replace("hr_", "xx_"))
        for route in world.ROUTES:
            for bad in wrong:
                answer = world.Client(gateway, bad).ask(route.method, route.path())
                self.refused(answer, 401, "UNAUTHENTICATED")
                self.assertIn("Bearer", answer.headers["WWW-Authenticate"])

    def test_a_revoked_key_opens_nothing(self):
        spare = world.headrace("key", "create", "--tenant", "one", "--role", "ADMIN")
        spare = spare.stdout.strip()
        world.headrace("key", "revoke", spare.split("_")[1])
        self.refused(world.Client(gateway, spare).get("/v1/templates"), 401, "UNAUTHENTICATED")

    def test_a_key_with_scopes_does_only_what_they_name(self):
        made = world.headrace("key", "create", "--tenant", "one", "--role", "ADMIN").stdout.strip()
        world.sql(f"UPDATE headrace.api_key SET scopes = '{{read}}' "
                  f"WHERE id = '{made.split('_')[1]}'", "headrace_migrate")
        client = world.Client(gateway, made)
        self.assertEqual(client.get("/v1/templates").status, 200)
        self.refused(client.post("/v1/templates", {"name": "x"}), 403, "FORBIDDEN")

    def test_unknown_paths_and_methods_are_told(self):
        self.refused(one.admin.get("/v1/nothing"), 404, "NOT_FOUND")
        self.refused(one.admin.get("/"), 404, "NOT_FOUND")
        answer = one.admin.delete("/v1/executions")
        self.refused(answer, 405, "METHOD_NOT_ALLOWED")
        self.assertEqual(answer.headers["Allow"], "GET")

    def test_bodies_are_json_of_the_right_shape_or_refused(self):
        path = "/v1/templates"
        refusal = self.refused(one.editor.post(path, b'{"name":\n "x",}'), 400, "INVALID_JSON")
        self.assertIn("Line 2", refusal["detail"])
        self.refused(one.editor.post(path, b'{"name": "a\\u0000b"}'), 400, "INVALID_JSON")
        self.refused(one.editor.post(path, b'{"metadata": {"n": 1e999}}'), 400, "INVALID_JSON")
        self.refused(one.editor.post(path, b"\xff"), 400, "INVALID_JSON")
        self.refused(one.editor.post(path, b"a=b", Content_Type="text/plain"), 415,
                     "UNSUPPORTED_MEDIA_TYPE")
        refusal = self.refused(one.editor.post(path, []), 422, "VALIDATION_FAILED")
        self.assertEqual(refusal["errors"][0]["code"], "TYPE_MISMATCH")
        refusal = self.refused(one.editor.post(path, {"nmae": "x", "isPublic": "yes", "name": ""}),
                               422, "VALIDATION_FAILED")
        self.assertEqual([(e["code"], e["pointer"]) for e in refusal["errors"]],
                         [("UNKNOWN_KEY", "/nmae"), ("TYPE_MISMATCH", "/isPublic"),
                          ("INVALID_VALUE", "/name")])

    def test_what_is_too_large_is_refused_before_it_is_read(self):
        with socket.create_connection(("127.0.0.1", gateway.port), 10) as raw:
            raw.sendall(f"POST /v1/templates HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer "
                        f"{one.keys['EDITOR']}\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {3 << 20}\r\n\r\n".encode())
            self.assertEqual(raw.recv(12), b"HTTP/1.1 413")

    def test_bytes_that_are_no_text_are_refused(self):
        for path in ("/v1/executions?triggerId=%00", "/v1/executions?triggerId=%ff",
                     "/v1/templates/%ff", "/v1/variables/%c3%28"):
            self.refused(one.operator.get(path), 400, "INVALID_REQUEST")

    def test_unknown_query_parameters_and_cursors_are_refused(self):
        for query in ("?nope=1", "?limit=0", "?limit=201", "?limit=x", "?cursor=AAAA"):
            self.refused(one.viewer.get(f"/v1/templates{query}"), 400, "INVALID_REQUEST")


class Roles(Case):
    """The matrix of routes and roles, made from the route table."""

    def test_each_route_is_open_to_its_role_and_those_above_only(self):
        template, version = published(one, permissionRoleIds=[r.lower() for r in world.ROLES])
        run = world.execution(one, version)
        for route in world.ROUTES:
            for index, role in enumerate(world.ROLES):
                # Bodies that are refused by validation: a right is decided before.
                path = route.path(template=template["id"], execution=run, variable="NONE",
                                  integration="http", version="1", trigger="go")
                if route.method == "DELETE":
                    path = route.path(template="none", variable="NONE")
                body = None if route.method in ("GET", "DELETE") else {"noSuchMember": 1}
                answer = one.client(role).ask(route.method, path, body)
                may = index >= world.ROLES.index(route.role.upper())
                where = f"{route.name} as {role}: {answer.status} {answer.text}"
                self.assertEqual(answer.status == 403, not may, where)
                self.assertNotIn(answer.status, (401, 500, 503), where)


class Tenants(Case):
    """Two tenants, and every route of one with the ids of the other."""

    @classmethod
    def setUpClass(cls):
        cls.template, cls.version = published(one)
        cls.key = cls.template["templateId"]
        cls.execution = world.execution(one, cls.version)
        cls.variable = one.editor.put("/v1/variables/SHARED", {"type": "STRING", "value": "v"}).json
        own = str(uuid.uuid4())
        world.sql(f"INSERT INTO headrace.integration_definition (id, tenant_id, name) "
                  f"VALUES ('{own}', '{one.id}', 'one-crm')", "headrace_migrate")
        cls.integration = own

    def test_the_other_ones_ids_are_not_found_on_any_route(self):
        bodies = {"versions_rollback": {"versionNumber": 1}}
        checked = 0
        for route in world.ROUTES:
            if not route.params:
                continue
            for template in (self.template["id"], self.key):
                path = route.path(template=template, execution=self.execution,
                                  variable=self.variable["id"], integration=self.integration,
                                  version=self.version["id"], trigger="go")
                body = None
                if route.method not in ("GET", "DELETE"):
                    body = {"value": 1, "type": "NUMBER"} if "variable" in path else {}
                if route.pattern.endswith("rollback"):
                    body = bodies["versions_rollback"]
                if route.name == "PUT /v1/templates/{template}" and template == self.key:
                    continue  # its own workflow of that key
                answer = two.admin.ask(route.method, path, body)
                self.assertEqual(answer.status, 404, f"{route.name}: {answer.text}")
                checked += 1
        self.assertGreater(checked, 35)

    def test_lists_show_nothing_of_the_other(self):
        for path in ("/v1/templates", "/v1/executions", "/v1/variables", "/v1/integrations"):
            text = two.admin.get(path + "?limit=200").text
            for foreign in (self.template["id"], self.key, self.execution, self.variable["id"],
                            self.integration, one.id):
                self.assertNotIn(foreign, text, path)
        self.refused(two.admin.get(f"/v1/executions?templateId={self.key}"), 404, "NOT_FOUND")
        self.refused(two.admin.get(f"/v1/variables?templateId={self.template['id']}"), 404,
                     "NOT_FOUND")

    def test_ids_inside_bodies_are_looked_up_in_the_own_tenant(self):
        self.refused(two.editor.post("/v1/variables", {"key": "A", "type": "STRING", "value": "x",
                                                       "templateId": self.template["id"]}),
                     404, "NOT_FOUND")

    def test_the_same_key_is_another_workflow_in_each_tenant(self):
        mine = two.editor.put(f"/v1/templates/{self.key}", {"name": "Mine"})
        self.assertEqual(mine.status, 201)
        self.assertNotEqual(mine.json["id"], self.template["id"])
        self.assertEqual(one.editor.get(f"/v1/templates/{self.key}").json["name"], "Orders")

    def test_no_header_names_another_tenant(self):
        answer = two.admin.get("/v1/templates?limit=200", **{"X-Tenant-Id": one.id})
        self.assertNotIn(self.template["id"], answer.text)


class Permissions(Case):
    """Who of the tenant may do what with a workflow."""

    def setUp(self):
        self.path = f"/v1/templates/{key()}"
        self.other = world.Client(gateway, world.headrace(
            "key", "create", "--tenant", "one", "--role", "EDITOR", "--user", "bob").stdout.strip())
        made = one.editor.put(self.path, {"workflowData": ORDERS})
        self.assertEqual(made.json["ownerId"], "editor")

    def test_a_private_workflow_is_its_owners_and_the_admins(self):
        self.assertEqual(one.editor.get(self.path).status, 200)
        self.assertEqual(one.admin.get(self.path).status, 200)
        self.refused(self.other.get(self.path), 404, "NOT_FOUND")
        self.assertNotIn(self.path.split("/")[-1], self.other.get("/v1/templates?limit=200").text)

    def test_a_public_one_may_be_read_and_run_by_all_and_changed_by_none(self):
        one.editor.patch(self.path, {"isPublic": True})
        self.assertEqual(self.other.get(self.path).status, 200)
        self.refused(self.other.patch(self.path, {"name": "mine"}), 403, "FORBIDDEN")
        self.refused(self.other.post(self.path + "/publish"), 403, "FORBIDDEN")
        one.editor.post(self.path + "/publish")
        self.assertEqual(one.operator.post(self.path + "/executions", {}).status, 202)
        self.refused(one.operator.post(self.path + "/triggers/tick/disable"), 403, "FORBIDDEN")

    def test_users_and_roles_that_are_named_may_change_it(self):
        one.editor.patch(self.path, {"permissionUserIds": ["bob"]})
        self.assertEqual(self.other.patch(self.path, {"description": "by bob"}).status, 200)
        one.editor.patch(self.path, {"permissionUserIds": [], "permissionRoleIds": ["operator"]})
        self.refused(self.other.get(self.path), 404, "NOT_FOUND")
        self.assertEqual(one.operator.get(self.path).status, 200)


class Templates(Case):
    def test_a_workflow_is_made_shown_changed_and_removed(self):
        made = one.editor.post("/v1/templates", {
            "name": "Order intake, v2!", "metadata": {"n": 12345678901234567890},
            "triggers": ORDERS["triggers"], "steps": ORDERS["steps"]})
        self.assertEqual(made.status, 201, made.text)
        path = made.headers["Location"]
        self.assertEqual(made.json["templateId"], "order-intake-v2")
        self.assertEqual(made.json["workflowData"]["steps"], ORDERS["steps"])
        self.assertEqual(made.json["steps"], ORDERS["steps"])
        self.assertIn("12345678901234567890", made.text)
        self.assertEqual((made.json["status"], made.json["isActive"]), ("DRAFT", True))
        shown = one.editor.get(path)
        self.assertEqual(shown.json, made.json)
        self.assertEqual(shown.headers["ETag"], made.headers["ETag"])
        changed = one.editor.patch(path, {"name": "Other", "steps": []})
        self.assertEqual(changed.json["name"], "Other")
        self.assertEqual(changed.json["workflowData"]["steps"], [])
        self.assertEqual(changed.json["workflowData"]["triggers"], ORDERS["triggers"])
        self.refused(one.editor.post("/v1/templates", {"name": "x",
                                                       "templateId": "order-intake-v2"}),
                     409, "CONFLICT")
        self.assertEqual(one.editor.delete(path).status, 204)
        self.refused(one.editor.get(path), 404, "NOT_FOUND")

    def test_of_two_who_change_the_same_draft_the_second_is_told(self):
        path = f"/v1/templates/{key()}"
        etag = one.editor.put(path, {"name": "a"}).headers["ETag"]
        first = one.editor.patch(path, {"name": "b"}, If_Match=etag)
        self.assertEqual(first.status, 200)
        self.refused(one.editor.patch(path, {"name": "c"}, If_Match=etag), 412,
                     "PRECONDITION_FAILED")
        self.assertEqual(one.editor.get(path).json["name"], "b")
        for bad in ('"x"', 'W/' + first.headers["ETag"], "7"):
            self.refused(one.editor.patch(path, {"name": "c"}, If_Match=bad), 412,
                         "PRECONDITION_FAILED")
        second = one.editor.patch(path, {"description": "x"}, If_Match="*")
        self.assertEqual(second.status, 200, second.text)
        third = one.editor.patch(path, {"name": "d"}, If_Match='"x", ' + second.headers["ETag"])
        self.assertEqual(third.status, 200, third.text)
        self.refused(one.editor.delete(path, **{"If-Match": etag}), 412, "PRECONDITION_FAILED")

    def test_put_makes_or_changes_as_its_headers_say(self):
        path = f"/v1/templates/{key()}"
        self.refused(one.editor.put(path, {"name": "a"}, If_Match='"1"'), 412,
                     "PRECONDITION_FAILED")
        self.assertEqual(one.editor.put(path, {"name": "a"}, If_None_Match="*").status, 201)
        self.refused(one.editor.put(path, {"name": "a"}, If_None_Match="*"), 412,
                     "PRECONDITION_FAILED")
        self.assertEqual(one.editor.put(path, {"name": "b"}).status, 200)
        self.refused(one.editor.put(f"/v1/templates/{uuid.uuid4()}", {"name": "b"}), 404,
                     "NOT_FOUND")
        self.refused(one.editor.put("/v1/templates/-bad", {"name": "b"}), 404, "NOT_FOUND")

    def test_statuses_move_as_they_may(self):
        path = f"/v1/templates/{key()}"
        one.editor.put(path, {"workflowData": ORDERS})
        self.refused(one.editor.patch(path, {"status": "PUBLISHED"}), 409, "CONFLICT")
        self.refused(one.editor.patch(path, {"status": "GONE"}), 409, "CONFLICT")
        one.editor.post(path + "/publish")
        self.assertEqual(one.editor.get(path).json["status"], "PUBLISHED")
        self.refused(one.editor.patch(path, {"status": "DRAFT"}), 409, "CONFLICT")
        self.refused(one.editor.delete(path), 409, "CONFLICT")
        one.editor.patch(path, {"status": "DEPRECATED"})
        self.assertEqual(one.editor.post(path + "/executions").status, 202)
        one.editor.patch(path, {"status": "ARCHIVED"})
        self.refused(one.editor.post(path + "/executions"), 409, "CONFLICT")
        self.refused(one.editor.post(path + "/publish"), 409, "CONFLICT")
        one.editor.patch(path, {"status": "PUBLISHED", "isActive": False})
        self.refused(one.editor.post(path + "/executions"), 409, "CONFLICT")

    def test_keys_that_could_be_ids_or_break_paths_are_refused(self):
        for bad in (str(uuid.uuid4()), "a/b", "", ".a", "a b", "x" * 129, "ü"):
            refusal = one.editor.post("/v1/templates", {"name": "n", "templateId": bad})
            self.assertEqual(refusal.status, 422, bad)

    def test_pages_hold_everything_once_and_in_order(self):
        tenant = world.Tenant(gateway, "pages")
        made = [tenant.editor.put(f"/v1/templates/p{i}", {"name": "p"}).json["id"]
                for i in range(7)]
        seen, cursor = [], ""
        while cursor is not None:
            page = tenant.editor.get(f"/v1/templates?limit=3{cursor and '&cursor=' + cursor}").json
            seen += [item["id"] for item in page["items"]]
            cursor = page["nextCursor"]
            if cursor and len(seen) == 3:
                tenant.editor.put("/v1/templates/late", {"name": "late"})
        self.assertEqual(seen, made[::-1])
        self.assertEqual(tenant.editor.get("/v1/templates?status=PUBLISHED").json["items"], [])


class Versions(Case):
    def test_a_broken_draft_is_told_all_its_problems_and_not_published(self):
        path = f"/v1/templates/{key()}"
        one.editor.put(path, {"workflowData": BROKEN})
        codes = {"DANGLING_REFERENCE", "UNKNOWN_STEP_TYPE", "INVALID_CRON", "INVALID_TIMEZONE",
                 "UNKNOWN_INTEGRATION"}
        told = one.editor.post(path + "/validate").json
        self.assertFalse(told["isValid"])
        self.assertEqual({problem["code"] for problem in told["problems"]}, codes)
        refusal = self.refused(one.editor.post(path + "/publish"), 422, "VALIDATION_FAILED")
        self.assertEqual(refusal["errors"], told["problems"])
        self.assertEqual(one.editor.get(path + "/versions").json["items"], [])
        self.assertEqual(one.editor.get(path).json["status"], "DRAFT")
        one.editor.patch(path, {"workflowData": ORDERS})
        self.assertEqual(one.editor.post(path + "/validate").json,
                         {"isValid": True, "problems": []})

    def test_publishing_writes_what_the_daemons_read(self):
        template, version = published(one)
        self.assertEqual((version["versionNumber"], version["isActive"]), (1, True))
        self.assertEqual([pin["reference"] for pin in version["integrations"]], ["http"])
        where = f"version_id = '{version['id']}'"
        steps = world.sql(f"SELECT node, id, type, next_steps, timeout_ms, integration_id "
                          f"FROM headrace.workflow_step WHERE {where} ORDER BY node").split("\n")
        self.assertEqual(steps, ["0|call|ACTION|{end}|60000|http", "1|end|TRANSFORM|{}||"])
        triggers = world.sql(f"SELECT id, type, coalesce(cron_expression, '') "
                             f"FROM headrace.workflow_trigger WHERE {where} ORDER BY id")
        self.assertEqual(triggers, "go|MANUAL|\nhook|WEBHOOK|\ntick|SCHEDULED|0 3 * * *")
        due = world.sql(f"SELECT (next_fire_at AT TIME ZONE 'Europe/Berlin')::time, enabled, "
                        f"next_fire_at BETWEEN now() AND now() + interval '25 h' "
                        f"FROM headrace.schedule WHERE {where}", "headrace_gateway")
        self.assertEqual(due, "03:00:00|t|t")
        keys = world.sql(f"SELECT secret_keys FROM headrace.workflow_version "
                         f"WHERE id = '{version['id']}'")
        self.assertEqual(keys, "{KEY}")
        plan = world.sql(f"SELECT count(*) FROM headrace.worker_plan('{version['id']}', (SELECT "
                         f"plan_hash FROM headrace.workflow_version WHERE id = '{version['id']}'))",
                         "headrace_migrate")
        self.assertEqual(plan, "1")
        self.assertEqual(one.editor.get(f"/v1/templates/{template['id']}").json["activeVersionId"],
                         version["id"])

    def test_versions_never_change_and_addresses_stay(self):
        template, first = published(one)
        path = f"/v1/templates/{template['id']}"
        before = {item["id"]: item for item in one.editor.get(path + "/triggers").json["items"]}
        self.assertRegex(before["hook"]["webhookUrl"],
                         r"^https://hooks\.example/h/[0-9a-f]{32}/orders$")
        self.assertIsNone(before["tick"]["webhookUrl"])
        fewer = {**ORDERS, "triggers": ORDERS["triggers"][:1], "steps": ORDERS["steps"][1:]}
        one.editor.patch(path, {"workflowData": fewer})
        second = one.editor.post(path + "/publish", {"changeDescription": "smaller"}).json
        self.assertEqual(second["versionNumber"], 2)
        after = {item["id"]: item for item in one.editor.get(path + "/triggers").json["items"]}
        self.assertEqual(set(after), {"hook"})
        self.assertEqual(after["hook"]["webhookUrl"], before["hook"]["webhookUrl"])
        self.assertEqual(world.sql(f"SELECT count(*) FROM headrace.schedule WHERE template_id = "
                                   f"'{template['id']}'", "headrace_gateway"), "0")
        old = one.editor.get(path + "/versions/1").json
        self.assertEqual((old["workflowData"], old["isActive"]), (ORDERS, False))
        back = one.editor.post(path + "/rollback", {"versionNumber": 1}).json
        self.assertEqual((back["versionNumber"], back["isRollbackVersion"], back["isActive"]),
                         (3, True, True))
        self.assertEqual(back["workflowData"], ORDERS)
        again = {item["id"]: item for item in one.editor.get(path + "/triggers").json["items"]}
        self.assertEqual(again["hook"]["webhookUrl"], before["hook"]["webhookUrl"])
        listed = one.editor.get(path + "/versions").json["items"]
        self.assertEqual([item["versionNumber"] for item in listed], [3, 2, 1])
        self.assertEqual([item["isActive"] for item in listed], [True, False, False])
        self.assertEqual(one.editor.get(f"{path}/versions/{first['id']}").json["versionNumber"], 1)
        self.refused(one.editor.post(path + "/rollback", {"versionNumber": 9}), 404, "NOT_FOUND")
        self.refused(one.editor.post(path + "/rollback", {"versionNumber": 1.5}), 422,
                     "VALIDATION_FAILED")
        self.refused(one.editor.get(path + "/versions/0"), 404, "NOT_FOUND")

    def test_a_draft_is_published_only_in_the_state_that_was_seen(self):
        path = f"/v1/templates/{key()}"
        etag = one.editor.put(path, {"workflowData": ORDERS}).headers["ETag"]
        one.editor.patch(path, {"description": "meanwhile"})
        self.refused(one.editor.post(path + "/publish", None, If_Match=etag), 412,
                     "PRECONDITION_FAILED")

    def test_two_who_publish_at_once_get_two_versions(self):
        template, _ = published(one)
        path = f"/v1/templates/{template['id']}/publish"
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(8) as pool:
            numbers = sorted(pool.map(lambda _: one.editor.post(path).json["versionNumber"],
                                      range(8)))
        self.assertEqual(numbers, list(range(2, 10)))

    def test_simulate_says_what_the_command_line_says(self):
        path = f"/v1/templates/{key()}"
        one.editor.put(path, {"workflowData": ORDERS})
        order = {"input": {"total": 7}, "mocks": {"call": [{"output": {"ok": 1}}]},
                 "vars": {"base": "http://x"}, "seed": 3}
        answer = one.viewer.post(path + "/simulate", order)
        self.refused(answer, 404, "NOT_FOUND")
        report = one.editor.post(path + "/simulate", order).json
        self.assertEqual((report["status"], report["output"]), ("COMPLETED", {"end": {"total": 7}}))
        files = {}
        for name, value in {"definition": ORDERS, **order}.items():
            files[name] = os.path.join(world.STACK, f"{name}.json")
            with open(files[name], "w", encoding="utf-8") as file:
                json.dump(value, file)
        said = world.headrace("simulate", files["definition"], "--input", files["input"],
                              "--mocks", files["mocks"], "--vars", files["vars"], "--seed", "3")
        self.assertEqual(json.loads(said.stdout), report)
        unmocked = {"vars": {"base": "http://x"}, "input": 1}
        self.refused(one.editor.post(path + "/simulate", unmocked), 422, "VALIDATION_FAILED")
        self.refused(one.editor.post(path + "/simulate", {"triggerId": "nope"}), 422,
                     "VALIDATION_FAILED")


class Triggers(Case):
    def test_a_trigger_is_switched_off_and_on(self):
        template, _ = published(one)
        path = f"/v1/templates/{template['id']}/triggers"
        off = one.editor.post(path + "/tick/disable").json
        self.assertEqual((off["enabled"], off["nextFireAt"]), (False, None))
        where = f"template_id = '{template['id']}' AND trigger_id = 'tick'"
        self.assertEqual(world.sql(f"SELECT enabled, rev FROM headrace.schedule WHERE {where}",
                                   "headrace_gateway"), "f|2")
        on = one.editor.post(path + "/tick/enable").json
        self.assertTrue(on["enabled"])
        self.assertIsNotNone(on["nextFireAt"])
        self.refused(one.editor.post(path + "/nope/enable"), 404, "NOT_FOUND")
        one.editor.post(path + "/tick/disable")
        one.editor.post(f"/v1/templates/{template['id']}/publish")
        self.assertEqual(world.sql(f"SELECT enabled FROM headrace.schedule WHERE {where}",
                                   "headrace_gateway"), "f")

    def test_addresses_are_shown_to_authors_only(self):
        template, _ = published(one)
        path = f"/v1/templates/{template['id']}/triggers"
        for client, is_shown in ((one.viewer, False), (one.operator, False), (one.editor, True)):
            hook = next(t for t in client.get(path).json["items"] if t["id"] == "hook")
            self.assertEqual(hook["webhookUrl"] is not None, is_shown)


def events(execution):
    """How many records of the events topic name the execution (16 bytes of its id)."""
    done = subprocess.run(["kcat", "-C", "-b", os.environ["HEADRACE_KAFKA"], "-t",
                           "headrace.events.v1", "-e", "-q", "-f", "%s\n---\n"],
                          capture_output=True, timeout=60)
    return done.stdout.count(uuid.UUID(execution).bytes)


class Starts(Case):
    @classmethod
    def setUpClass(cls):
        cls.template, cls.version = published(one)
        cls.path = f"/v1/templates/{cls.template['templateId']}/executions"

    def test_a_start_is_in_kafka_before_it_is_answered(self):
        answer = one.operator.post(self.path, {"input": {"total": 1}, "triggerId": "go"})
        self.assertEqual(answer.status, 202, answer.text)
        id_ = answer.json["executionId"]
        self.assertEqual(answer.headers["Location"], f"/v1/executions/{id_}")
        self.assertEqual(events(id_), 1)
        shown = one.operator.get(f"/v1/executions/{id_}").json
        self.assertEqual((shown["id"], shown["status"]), (id_, "PENDING"))
        self.assertEqual(one.operator.get(f"/v1/executions/{id_}/why").json["waits"], [])
        refusal = one.operator.post(f"/v1/executions/{id_}/cancel")
        self.refused(refusal, 409, "CONFLICT")
        self.assertEqual(refusal.headers["Retry-After"], "1")

    def test_the_same_request_with_a_key_has_the_same_execution(self):
        name = "order " + uuid.uuid4().hex
        body = {"input": {"total": 1}}
        ids = {one.operator.post(self.path, body, Idempotency_Key=name).json["executionId"]
               for _ in range(5)}
        self.assertEqual(len(ids), 1)
        self.refused(one.operator.post(self.path, {"input": 2}, Idempotency_Key=name), 409,
                     "IDEMPOTENCY_KEY_REUSED")
        other, _ = published(one)
        self.refused(one.operator.post(f"/v1/templates/{other['id']}/executions", body,
                                       Idempotency_Key=name), 409, "IDEMPOTENCY_KEY_REUSED")
        again = one.operator.post(f"/v1/templates/{self.template['id']}/executions", body,
                                  Idempotency_Key=name)
        self.assertEqual({again.json["executionId"]}, ids)
        theirs, _ = published(two)
        foreign = two.operator.post(f"/v1/templates/{theirs['id']}/executions", body,
                                    Idempotency_Key=name)
        self.assertEqual(foreign.status, 202)
        self.assertNotIn(foreign.json["executionId"], ids)

    def test_many_at_once_with_one_key_are_one_execution(self):
        from concurrent.futures import ThreadPoolExecutor
        name = uuid.uuid4().hex
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: one.operator.post(self.path, {"input": 1},
                                                                Idempotency_Key=name), range(32)))
        self.assertEqual({answer.status for answer in answers}, {202})
        self.assertEqual(len({answer.json["executionId"] for answer in answers}), 1)

    def test_without_a_key_each_request_is_an_execution(self):
        ids = {one.operator.post(self.path).json["executionId"] for _ in range(3)}
        self.assertEqual(len(ids), 3)

    def test_what_cannot_start_is_refused(self):
        self.refused(one.operator.post(self.path, {"triggerId": "hook"}), 422, "VALIDATION_FAILED")
        self.refused(one.operator.post(self.path, {"inputs": 1}), 422, "VALIDATION_FAILED")
        self.refused(one.operator.post(self.path, {"input": "x" * (512 << 10)}), 413, "TOO_LARGE")
        self.refused(one.operator.post(self.path, {}, Idempotency_Key="x" * 256), 400,
                     "INVALID_REQUEST")
        draft = f"/v1/templates/{key()}"
        one.editor.put(draft, {"workflowData": ORDERS, "isPublic": True})
        self.refused(one.operator.post(draft + "/executions"), 409, "CONFLICT")


class Executions(Case):
    @classmethod
    def setUpClass(cls):
        cls.tenant = world.Tenant(gateway, "runs")
        cls.template, cls.version = published(cls.tenant)
        cls.old = world.execution(cls.tenant, cls.version, status=4, age_ms=3600_000)
        cls.failed = world.execution(cls.tenant, cls.version, status=5, trigger="hook",
                                     age_ms=60_000)
        cls.running = world.execution(cls.tenant, cls.version, status=1)
        world.sql(f"""INSERT INTO headrace.step_execution (execution_id, ord, node, status, epoch,
            txn, opened_at, started_at, completed_at, attempt, reason, input, output, error) VALUES
            ('{cls.failed}', 1, 0, 4, 1, 1, now(), now(), now(), 0, 12, '{{"a": 1}}', NULL,
             '{{"type": "TIMEOUT", "message": "slow"}}'),
            ('{cls.failed}', 2, 0, 3, 1, 1, now(), now(), now(), 1, 0, '{{"a": 1}}',
             '{{"total": 1e2}}', NULL);
            INSERT INTO headrace.open_step (part, execution_id, node, reason, due_at, worker)
            VALUES (3, '{cls.running}', 0, 5, now() + interval '1 h', 'w1')""")

    def ids(self, query=""):
        return [item["id"] for item in
                self.tenant.viewer.get(f"/v1/executions{query}").json["items"]]

    def test_lists_are_filtered_and_newest_first(self):
        self.assertEqual(self.ids()[:3], [self.running, self.failed, self.old])
        self.assertEqual(self.ids("?status=FAILED"), [self.failed])
        self.assertEqual(self.ids("?triggerId=hook"), [self.failed])
        self.assertEqual(self.ids(f"?templateId={self.template['templateId']}&limit=1"),
                         [self.running])
        self.assertEqual(self.ids(f"?versionId={uuid.uuid4()}"), [])
        self.assertEqual(len(self.ids(f"?versionId={self.version['id']}")), 3)
        middle = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
        self.assertEqual(self.ids(f"?to={middle}")[:1], [self.old])
        self.assertEqual(self.ids(f"?from={middle}"), [self.running, self.failed])
        for bad in ("status=DONE", "from=yesterday", "versionId=1", "order=asc"):
            self.refused(self.tenant.viewer.get(f"/v1/executions?{bad}"), 400, "INVALID_REQUEST")
        page = self.tenant.viewer.get("/v1/executions?limit=2").json
        self.assertEqual(self.ids(f"?limit=2&cursor={page['nextCursor']}")[:1], [self.old])

    def test_an_execution_is_shown_with_its_steps(self):
        shown = self.tenant.viewer.get(f"/v1/executions/{self.failed}").json
        self.assertEqual((shown["status"], shown["input"], shown["versionNumber"]),
                         ("FAILED", {"total": 5}, 1))
        step, = shown["stepExecutions"]
        self.assertEqual((step["stepId"], step["stepStatus"], step["retryCount"]),
                         ("call", "COMPLETED", 1))
        self.assertEqual(step["output"], {"total": 100})
        attempt, = shown["failedAttempts"]
        self.assertEqual((attempt["stepId"], attempt["attempt"], attempt["reason"],
                          attempt["error"]["type"]), ("call", 0, "RETRIED", "TIMEOUT"))
        step, = self.tenant.viewer.get(f"/v1/executions/{self.running}").json["stepExecutions"]
        self.assertEqual((step["stepStatus"], step["reason"], step["worker"]),
                         ("WAITING", "RETRY", "w1"))

    def test_every_id_ever_answered_resolves(self):
        later = self.running.split("-")
        other = f"01f00000-0000-{'-'.join(later[2:])}"
        world.sql(f"INSERT INTO headrace.execution_key (key, tenant_id, execution_id) VALUES "
                  f"('00000000-0000-{'-'.join(later[2:])}', '{self.tenant.id}', "
                  f"'{self.running}')")
        shown = self.tenant.viewer.get(f"/v1/executions/{other}")
        self.assertEqual((shown.status, shown.json["id"]), (200, self.running))
        self.refused(one.admin.get(f"/v1/executions/{other}"), 404, "NOT_FOUND")

    def test_why_names_what_is_waited_for(self):
        told = self.tenant.viewer.get(f"/v1/executions/{self.running}/why").json
        wait, = told["waits"]
        self.assertEqual((told["status"], wait["stepId"], wait["reason"]),
                         ("RUNNING", "call", "RETRY"))
        self.assertIsNotNone(wait["dueAt"])
        self.assertEqual(self.tenant.viewer.get(f"/v1/executions/{self.old}/why").json["waits"], [])

    def test_cancel_sends_a_command_once_it_may(self):
        client = self.tenant.editor
        before = events(self.running)
        answer = client.post(f"/v1/executions/{self.running}/cancel", {"reason": "no stock"})
        self.assertEqual((answer.status, answer.json["status"]), (202, "CANCELLING"))
        self.assertEqual(events(self.running), before + 1)
        self.refused(client.post(f"/v1/executions/{self.old}/cancel"), 409, "CONFLICT")
        self.refused(client.post(f"/v1/executions/{self.running}/cancel", {"why": 1}), 422,
                     "VALIDATION_FAILED")
        _, version = published(self.tenant)
        gone = world.execution(self.tenant, version, status=6, age_ms=7200_000)
        self.assertEqual(client.post(f"/v1/executions/{gone}/cancel").status, 200)

    def test_ids_that_are_none_are_not_found(self):
        for id_ in (str(uuid.uuid4()), "1", "a%20b", "%27%3B--"):
            self.refused(self.tenant.viewer.get(f"/v1/executions/{id_}"), 404, "NOT_FOUND")


class Variables(Case):
    def test_a_variable_of_each_type_is_kept_and_shown(self):
        for type_, value in (("STRING", "ä\n"), ("NUMBER", 12.5), ("BOOLEAN", False),
                             ("JSON", {"a": [1, None]}), ("JSON", None)):
            name = "V_" + uuid.uuid4().hex
            made = one.editor.post("/v1/variables", {"key": name, "type": type_, "value": value})
            self.assertEqual((made.status, made.json["value"]), (201, value), made.text)
            shown = one.operator.get(made.headers["Location"]).json
            self.assertEqual((shown["value"], shown["isEncrypted"]), (value, False))
            self.assertEqual(one.operator.get(f"/v1/variables/{name}").json["id"], shown["id"])

    def test_values_fit_their_type_or_are_refused(self):
        for type_, value in (("STRING", 1), ("NUMBER", "1"), ("BOOLEAN", None), ("SECRET", 5)):
            refusal = self.refused(one.editor.put("/v1/variables/W", {"type": type_,
                                                                      "value": value}),
                                   422, "VALIDATION_FAILED")
            self.assertEqual(refusal["errors"][0]["pointer"], "/value")
        for body in ({"value": "x"}, {"type": "TEXT", "value": "x"}, {"type": "STRING"},
                     {"type": "STRING", "value": "x", "isEncrypted": True},
                     {"type": "STRING", "value": "x" * 70000}):
            self.refused(one.editor.put("/v1/variables/W", body), 422, "VALIDATION_FAILED")
        self.refused(one.editor.put("/v1/variables/9W", {"type": "STRING", "value": "x"}), 422,
                     "VALIDATION_FAILED")

    def test_a_variable_is_changed_scoped_and_removed(self):
        template, _ = published(one)
        scope = f"?templateId={template['templateId']}"
        name = "S_" + uuid.uuid4().hex
        wide = one.editor.put(f"/v1/variables/{name}", {"type": "STRING", "value": "wide"})
        own = one.editor.put(f"/v1/variables/{name}{scope}", {"type": "NUMBER", "value": 1})
        self.assertEqual((wide.status, own.status), (201, 201))
        self.assertEqual(own.json["templateId"], template["id"])
        changed = one.editor.put(f"/v1/variables/{name}", {"value": "wider"})
        self.assertEqual((changed.status, changed.json["id"], changed.json["value"]),
                         (200, wide.json["id"], "wider"))
        self.assertGreater(changed.json["rev"], wide.json["rev"])
        self.refused(one.editor.post("/v1/variables", {"key": name, "type": "JSON", "value": 1}),
                     409, "CONFLICT")
        listed = one.editor.get(f"/v1/variables{scope}").json["items"]
        self.assertEqual([item["id"] for item in listed], [own.json["id"]])
        self.assertEqual(one.editor.delete(f"/v1/variables/{name}{scope}").status, 204)
        self.refused(one.operator.get(f"/v1/variables{scope}"), 403, "FORBIDDEN")
        self.refused(one.editor.get(f"/v1/variables/{name}{scope}"), 404, "NOT_FOUND")
        self.assertEqual(one.operator.get(f"/v1/variables/{name}").json["value"], "wider")
        self.assertEqual(one.editor.delete(f"/v1/variables/{wide.json['id']}").status, 204)
        again = one.editor.put(f"/v1/variables/{name}", {"type": "STRING", "value": "new"})
        self.assertEqual(again.status, 201)

    def test_secrets_are_written_and_never_come_back(self):
        made = one.editor.post("/v1/variables", {"key": "KEY", "type": "SECRET", "value": CANARY})
        self.assertEqual(made.status, 201, made.text)
        self.assertNotIn("value", made.json)
        self.assertTrue(made.json["isEncrypted"])
        one.editor.put("/v1/variables/KEY", {"type": "SECRET", "value": CANARY + "2"})
        one.editor.get("/v1/variables/KEY")
        one.admin.get("/v1/variables?limit=200")
        sealed = world.sql("SELECT count(*), count(DISTINCT sealed) FROM headrace.variable_revision"
                           " WHERE key = 'KEY' AND value IS NULL", "headrace_migrate")
        self.assertEqual(sealed, "2|2")


class Integrations(Case):
    def test_the_built_in_ones_are_shown_by_name_and_id(self):
        items = one.viewer.get("/v1/integrations").json["items"]
        self.assertLessEqual({"http", "core"}, {item["name"] for item in items})
        http_ = one.viewer.get("/v1/integrations/http").json
        self.assertEqual([action["name"] for action in http_["actions"]], ["request"])
        self.assertEqual(one.viewer.get(f"/v1/integrations/{http_['id']}").json, http_)
        self.refused(one.viewer.get("/v1/integrations/nope"), 404, "NOT_FOUND")


class Library(Case):
    def test_a_definition_is_kept_without_connections_and_started_from(self):
        steps = [{**ORDERS["steps"][0], "connectionId": "crm-main"}, ORDERS["steps"][1],
                 {"id": "each", "type": "LOOP", "steps": [
                     {"id": "in", "type": "ACTION", "integrationId": "warehouse",
                      "connectionId": "wh"}]}]
        made = one.editor.post("/v1/library", {"name": "Orders", "category": "shop",
                                               "templateData": {**ORDERS, "steps": steps}})
        self.assertEqual(made.status, 201, made.text)
        self.assertNotIn("connectionId", made.text)
        self.assertEqual(made.json["requiredIntegrations"], ["http", "warehouse"])
        path = made.headers["Location"]
        self.refused(one.viewer.get(path), 404, "NOT_FOUND")
        self.assertNotIn(made.json["id"], one.viewer.get("/v1/library").text)
        one.editor.patch(path, {"isPublished": True, "templateData": ORDERS})
        shown = one.viewer.get(path).json
        self.assertEqual((shown["templateData"], shown["requiredIntegrations"], shown["category"]),
                         (ORDERS, ["http"], "shop"))
        self.assertIn(made.json["id"], one.viewer.get("/v1/library?category=shop").text)
        self.assertEqual(one.viewer.get("/v1/library?category=none").json["items"], [])
        copy = one.editor.post("/v1/templates", {"libraryId": made.json["id"], "name": "Mine",
                                                 "templateId": key()})
        self.assertEqual((copy.status, copy.json["workflowData"]), (201, ORDERS))
        told = one.editor.post("/v1/templates", {"workflowData": {"name": "N", "description": "D"},
                                                 "templateId": key()}).json
        self.assertEqual((told["name"], told["description"]), ("N", "D"))
        self.assertEqual(one.editor.delete(path).status, 204)
        self.refused(one.editor.delete(path), 404, "NOT_FOUND")

    def test_entries_are_the_tenants_own(self):
        made = one.editor.post("/v1/library", {"name": "x", "templateData": {"steps": []},
                                               "isPublished": True}).json
        for method in ("GET", "PATCH", "DELETE"):
            answer = two.admin.ask(method, f"/v1/library/{made['id']}",
                                   {"name": "mine"} if method == "PATCH" else None)
            self.refused(answer, 404, "NOT_FOUND")
        self.refused(two.editor.post("/v1/templates", {"libraryId": made["id"]}), 404, "NOT_FOUND")
        self.assertNotIn(made["id"], two.admin.get("/v1/library").text)
        for body in ({"name": "x"}, {"templateData": {}}, {"name": "", "templateData": {}}):
            self.refused(one.editor.post("/v1/library", body), 422, "VALIDATION_FAILED")

    def test_a_system_wide_entry_is_shown_to_all_and_changed_by_none(self):
        id_ = str(uuid.uuid4())
        world.sql(f"INSERT INTO headrace.workflow_template_library (id, name, template_data, "
                  f"is_published) VALUES ('{id_}', 'Hello', '{{\"steps\": []}}', true)",
                  "headrace_migrate")
        self.assertEqual(two.viewer.get(f"/v1/library/{id_}").status, 200)
        self.refused(two.admin.patch(f"/v1/library/{id_}", {"name": "mine"}), 404, "NOT_FOUND")
        self.refused(two.admin.delete(f"/v1/library/{id_}"), 404, "NOT_FOUND")


class Trail(Case):
    def test_what_changes_something_leaves_a_row_in_an_unbroken_chain(self):
        tenant = world.Tenant(gateway, "trail")
        template, _ = published(tenant)
        path = f"/v1/templates/{template['id']}"
        tenant.editor.patch(path, {"name": "n"})
        tenant.editor.post(path + "/rollback", {"versionNumber": 1})
        tenant.editor.post(path + "/triggers/tick/disable")
        tenant.editor.put("/v1/variables/T", {"type": "SECRET", "value": CANARY})
        tenant.editor.delete("/v1/variables/T")
        rows = world.sql(f"SELECT actor, verb, object_kind FROM headrace.audit_log WHERE writer = "
                         f"'api' AND tenant_id = '{tenant.id}' ORDER BY seq", "headrace_check_ro")
        self.assertEqual(rows.split("\n"), [
            "editor|create|template", "editor|publish|template", "editor|update|template",
            "editor|rollback|template", "editor|disable|trigger", "editor|create|variable",
            "editor|delete|variable"])
        self.assertEqual(world.sql(f"SELECT count(*) FROM headrace.audit_verify('{tenant.id}')",
                                   "headrace_check_ro"), "0")

    def test_what_was_refused_leaves_nothing(self):
        before = world.sql("SELECT count(*) FROM headrace.audit_log", "headrace_check_ro")
        path = f"/v1/templates/{key()}"
        one.editor.put(path, {"nope": 1})
        one.editor.post(path + "/publish")
        self.assertEqual(world.sql("SELECT count(*) FROM headrace.audit_log", "headrace_check_ro"),
                         before)


class Rates(Case):
    def test_a_key_that_asks_too_often_is_told_to_wait(self):
        slow = world.Gateway(api_rate=1, api_burst=3).start()
        try:
            client = world.Client(slow, one.keys["ADMIN"])
            answers = [client.get("/v1/templates?limit=1") for _ in range(5)]
            self.assertEqual([answer.status for answer in answers[:3]], [200] * 3)
            self.assertEqual(answers[0].headers["RateLimit-Limit"], "3")
            self.assertEqual(answers[0].headers["RateLimit-Remaining"], "2")
            self.refused(answers[4], 429, "RATE_LIMITED")
            self.assertEqual(answers[4].headers["Retry-After"], "1")
            other = world.Client(slow, two.keys["ADMIN"])
            self.assertEqual(other.get("/v1/templates?limit=1").status, 200)
            time.sleep(1.2)
            self.assertEqual(client.get("/v1/templates?limit=1").status, 200)
        finally:
            slow.stop()


class Nonsense(Case):
    """Requests thrown together with a seed: each answer is one that docs/openapi.yaml describes."""

    WORDS = ("x", "go", "none", "1", "-1", "9" * 20, "..", "'--", "a" * 300, "%F0%9F%98%80", "*",
             "0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6")
    VALUES = (None, True, -1, 1e308, 1.5, "", "x", "\u0000", "é" * 100, [], {}, [1, "a", None],
              {"a": {"b": []}}, "2026-01-01T00:00:00Z", "a" * 5000, {"steps": []}, "SECRET",
              {"steps": [{"id": "a", "type": "TRANSFORM"}]}, "STRING", "PUBLISHED")
    MEMBERS = ("name", "templateId", "workflowData", "triggers", "steps", "metadata", "isPublic",
               "permissionUserIds", "status", "input", "triggerId", "key", "type", "value", "seed",
               "isEncrypted", "versionNumber", "changeDescription", "reason", "libraryId",
               "templateData", "mocks", "vars")
    PARAMS = ("limit", "cursor", "status", "templateId", "from", "to", "versionId", "triggerId",
              "category", "zz")

    def body(self, dice):
        text = bytearray(json.dumps({dice.choice(self.MEMBERS): dice.choice(self.VALUES)
                                     for _ in range(dice.randint(0, 4))}).encode())
        if dice.random() < 0.2:
            text[dice.randrange(len(text))] = dice.randrange(256)
        return bytes(text)

    def test_nonsense_is_refused_and_never_breaks_anything(self):
        dice = random.Random(5)
        tenant = world.Tenant(gateway, "nonsense")
        tenant.editor.put("/v1/templates/x", {"workflowData": ORDERS, "isPublic": True})
        tenant.editor.post("/v1/templates/x/publish")
        for _ in range(2500):
            route = dice.choice(world.ROUTES)
            path = re.sub(r"{\w+}", lambda _: dice.choice(self.WORDS), route.pattern)
            if dice.random() < 0.3:
                path += f"?{dice.choice(self.PARAMS)}={dice.choice(self.WORDS)}"
            headers = {}
            if dice.random() < 0.2:
                headers["If-Match"] = dice.choice(('"1"', "*", 'W/"1"', ",", '"'))
            if dice.random() < 0.2:
                headers["Idempotency-Key"] = dice.choice(("k", "a" * 300, " "))
            body = None if route.method in ("GET", "DELETE") else self.body(dice)
            answer = tenant.client(dice.choice(world.ROLES)).ask(route.method, path, body, headers)
            self.assertLess(answer.status, 500, f"{route.method} {path} {body}: {answer.text}")


class Outages(Case):
    def test_a_start_that_kafka_cannot_take_is_told_so_and_loses_nothing(self):
        template, _ = published(one)
        path = f"/v1/templates/{template['id']}/executions"
        name = uuid.uuid4().hex
        kafka = world.pid("kafka")
        os.kill(kafka, signal.SIGSTOP)
        try:
            refused = one.operator.post(path, {"input": 1}, Idempotency_Key=name)
        finally:
            os.kill(kafka, signal.SIGCONT)
        self.refused(refused, 503, "UNAVAILABLE")
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        deadline = time.monotonic() + 30
        while True:
            answer = one.operator.post(path, {"input": 1}, Idempotency_Key=name)
            if answer.status == 202 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        self.assertEqual(answer.status, 202, answer.text)
        # Sent twice, perhaps; the id is one, so that the coordinator starts one.
        self.assertGreaterEqual(events(answer.json["executionId"]), 1)
        again = one.operator.post(path, {"input": 1}, Idempotency_Key=name)
        self.assertEqual(again.json, answer.json)

    def test_a_lost_connection_to_the_database_is_not_noticed(self):
        for _ in range(3):
            world.sql_as_superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                   "WHERE usename = 'headrace_api'")
            for _ in range(6):
                self.assertEqual(one.viewer.get("/v1/templates?limit=1").status, 200)


class ZLast(Case):
    """What is looked at when all others have run: unittest sorts classes by their place."""

    def test_every_route_has_succeeded_at_least_once(self):
        missing = [route.name for route in world.ROUTES if route.name not in world.SUCCEEDED]
        self.assertEqual(missing, [])

    def test_the_canary_is_in_no_answer_no_row_and_no_log(self):
        self.assertGreater(len(world.SEEN), 300)
        self.assertFalse([text for text in world.SEEN if CANARY in text])
        dump = subprocess.run(["pg_dump", "--data-only", "--inserts", world.superuser_dsn()],
                              check=True, capture_output=True, text=True).stdout
        self.assertIn("variable_revision", dump)
        self.assertNotIn(CANARY, dump)
        self.assertNotIn(CANARY.encode().hex(), dump)
        with open(gateway.log, encoding="utf-8", errors="replace") as log:
            self.assertNotIn(CANARY, log.read())


if __name__ == "__main__":
    unittest.main()
