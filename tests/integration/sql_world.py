"""What the tests of the database share: the server, a tenant with a workflow, and refusals."""

import hashlib
import json
import time
import unittest
import uuid

from private_postgres import PrivatePostgres, SqlError

postgres = PrivatePostgres()
DAY_MS = 86400 * 1000
NOW_MS = int(time.time() * 1000)


def start():
    try:
        postgres.start()
        postgres.create()
    except BaseException:
        postgres.stop()
        raise


def uuid_at(ms, seed=None):
    """An execution's id: the time, and a hash of the seed."""
    digest = hashlib.sha256((seed or str(uuid.uuid4())).encode()).digest()
    raw = bytearray(ms.to_bytes(6, "big") + digest[:10])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def at(ms):
    return f"to_timestamp({ms} / 1000.0)"


class World:
    """A tenant with a published workflow of two steps and a loop, made by the API's role."""

    def __init__(self, retention_days=90):
        self.tenant, self.template, self.version = (str(uuid.uuid4()) for _ in range(3))
        self.name = "t" + self.tenant[:8]
        self.hash = -81985529216486896
        data = {"triggers": [{"id": "hook", "type": "WEBHOOK"}],
                "steps": [{"id": "call", "type": "ACTION", "connectionId": "crm",
                           "inputMappings": {"a": "${ .secrets.TOKEN + .secrets[\"OTHER\"] }"}}]}
        self.api(f"INSERT INTO headrace.tenant (id, name, retention_days) VALUES "
                 f"('{self.tenant}', '{self.name}', {retention_days})")
        self.api(f"""
            INSERT INTO headrace.workflow_template (id, tenant_id, template_id, name, status)
            VALUES ('{self.template}', '{self.tenant}', 'orders', 'Orders', 'PUBLISHED');
            INSERT INTO headrace.workflow_version (id, tenant_id, template_id, version_number,
                plan_hash, workflow_data, is_active, integrations)
            SELECT '{self.version}', '{self.tenant}', '{self.template}', 1, {self.hash},
                   $json${json.dumps(data)}$json$, true,
                   json_build_array(json_build_object('reference', 'http', 'id', d.id,
                                                      'revision', d.revision))
              FROM headrace.integration_definition d WHERE d.name = 'http' AND tenant_id IS NULL;
            UPDATE headrace.workflow_template SET active_version_id = '{self.version}'
             WHERE id = '{self.template}';
            INSERT INTO headrace.workflow_step (tenant_id, template_id, version_id, id, node,
                parent_id, name, type, connection_id)
            SELECT '{self.tenant}', '{self.template}', '{self.version}', v.* FROM (VALUES
                ('call', 0::smallint, NULL, 'Call the CRM', 'ACTION', 'crm'),
                ('each', 1, NULL, 'Each', 'LOOP', NULL),
                ('one', 2, 'each', 'One', 'ACTION', NULL)) v;
            INSERT INTO headrace.workflow_trigger (tenant_id, template_id, version_id, id, name,
                type, config)
            VALUES ('{self.tenant}', '{self.template}', '{self.version}', 'hook', 'Hook', 'WEBHOOK',
                '{{"signature": {{"scheme": "github", "secretVariable": "HOOK"}}}}');
            INSERT INTO headrace.trigger_state (tenant_id, template_id, trigger_id, token,
                token_hash)
            VALUES ('{self.tenant}', '{self.template}', 'hook', '{uuid.uuid4().hex}',
                sha256('{uuid.uuid4().hex}'))""")

    def api(self, text):
        return postgres.rows(text, "headrace_api", self.tenant)

    def variable(self, key, value, type_="STRING", template=None, sealed=None, deleted=False):
        value_sql = "NULL" if sealed or deleted else f"'{json.dumps(value)}'"
        sealed_sql = f"'{sealed}'" if sealed else "NULL"
        template_sql = f"'{template}'" if template else "NULL"
        self.api(f"""INSERT INTO headrace.variable_revision (tenant_id, id, template_id, key, type,
                value, sealed, is_encrypted, deleted)
            VALUES ('{self.tenant}', '{uuid.uuid5(uuid.UUID(self.tenant), key + template_sql)}',
                {template_sql}, '{key}', '{type_}', {value_sql}, {sealed_sql},
                {type_ == 'SECRET' or sealed is not None}, {deleted})""")

    def connection(self, name, credentials="sealed"):
        id_ = str(uuid.uuid4())
        self.api(f"""INSERT INTO headrace.user_integration (id, tenant_id, user_id, integration_id,
                name, credentials)
            SELECT '{id_}', '{self.tenant}', 'ann', id, '{name}', '{credentials}'
              FROM headrace.integration_definition WHERE name = 'http'""")
        return id_

    def execution(self, ms=NOW_MS, status=1, completed_ms=None, more=""):
        id_ = uuid_at(ms)
        completed = at(completed_ms) if completed_ms else "NULL"
        postgres.rows(f"""
            INSERT INTO headrace.execution (id, tenant_id, template_id, version_id, part, status,
                started_at, completed_at, trigger_id, trigger, vars_rev)
            SELECT '{id_}', id, '{self.template}', '{self.version}', 0, {status}, {at(ms)},
                {completed}, 'hook', '{{"body": {{"total": 5}}}}', vars_rev
              FROM headrace.tenant WHERE id = '{self.tenant}'; {more}""", "headrace_engine")
        return id_

    def step(self, execution, ord_, node=0, status=3, reason=0, attempt=0, **more):
        columns = {"execution_id": f"'{execution}'", "ord": ord_, "node": node, "status": status,
                   "reason": reason, "attempt": attempt, "epoch": 1, "txn": 1,
                   "opened_at": "now() - interval '3 s'", "started_at": "now() - interval '2 s'",
                   "completed_at": "now()", **more}
        postgres.rows(f"INSERT INTO headrace.step_execution ({', '.join(columns)}) "
                      f"VALUES ({', '.join(map(str, columns.values()))})", "headrace_engine")


class Database(unittest.TestCase):
    maxDiff = None

    def refused(self, state, text, role="postgres", tenant=None):
        with self.assertRaises(SqlError) as caught:
            postgres.rows(text, role, tenant)
        self.assertEqual(caught.exception.state, state, caught.exception)
