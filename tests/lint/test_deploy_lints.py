#!/usr/bin/env python3
"""The lints of what deploys and describes the product: each passes the tree and names a mistake.

A temporary folder shows all files of the tree, in one of them a text is changed, and the lint must
complain about it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import tree  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
POD = "deploy/k8s/worker.yaml"
UNIT = "deploy/systemd/headrace-worker@.service.in"


class Lints(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="headrace-lint-")
        self.addCleanup(shutil.rmtree, self.root)
        for path in tree.paths(ROOT):
            there = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(there), exist_ok=True)
            os.symlink(os.path.join(ROOT, path), there)

    def change(self, path, old, new):
        path = os.path.join(self.root, path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))

    def lint(self, name):
        run = subprocess.run([sys.executable, os.path.join(HERE, f"{name}.py"), self.root],
                             capture_output=True, text=True)
        self.assertEqual(run.stderr, "")
        return run.returncode, run.stdout

    def complains(self, name, path, old, new, expected):
        self.change(path, old, new)
        code, said = self.lint(name)
        self.assertEqual(code, 1, said)
        self.assertIn(expected, said)

    def manifest(self, path, old, new, expected):
        self.complains("manifests", path, old, new, expected)

    def document(self, path, old, new, expected):
        self.complains("documents", path, old, new, expected)

    # manifests

    def test_manifests_pass(self):
        self.assertEqual(self.lint("manifests")[0], 0)

    def test_a_setting_that_the_daemon_does_not_have(self):
        self.manifest("deploy/k8s/config.yaml", "HEADRACE_WORKER_CLASS", "HEADRACE_WORKER_KLASS",
                      "worker has no setting HEADRACE_WORKER_KLASS")

    def test_a_setting_that_is_missing(self):
        self.manifest(POD, "HEADRACE_PG_DSN_FILE", "HEADRACE_EGRESS_CA_FILE",
                      "worker needs HEADRACE_PG_DSN")

    def test_a_number_where_kubernetes_wants_text(self):
        self.manifest("deploy/k8s/config.yaml", '"2"', "2", "HEADRACE_LANES is no text")

    def test_a_secret_that_nobody_mounts(self):
        self.manifest(POD, "secrets/seal.key", "secrets/other.key", "other.key")

    def test_a_real_secret(self):
        self.manifest("deploy/k8s/secret.example.yaml", "CHANGE-ME-to-64-hexadecimal-digits",
                      "0" * 64, "looks like a real secret")

    def test_a_port_that_nobody_listens_on(self):
        self.manifest("deploy/k8s/gateway.yaml", "containerPort: 8081", "containerPort: 8082",
                      "are not those of the listeners")

    def test_a_service_of_a_port_that_no_pod_has(self):
        self.manifest("deploy/k8s/gateway.yaml", "port: 8080, targetPort: hooks",
                      "port: 8080, targetPort: hoooks", "no pod has port")

    def test_a_probe_that_asks_for_too_much(self):
        self.manifest(POD, "livenessProbe:\n            httpGet: {path: /livez",
                      "livenessProbe:\n            httpGet: {path: /readyz",
                      "livenessProbe does not ask /livez")

    def test_less_time_to_end_than_the_drain_takes(self):
        self.manifest(POD, "terminationGracePeriodSeconds: 120",
                      "terminationGracePeriodSeconds: 90", "not more than the drain of 90 s")

    def test_a_pod_that_may_write_its_root(self):
        self.manifest(POD, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false",
                      "is not locked down")

    def test_a_selector_that_finds_nothing(self):
        self.manifest("deploy/k8s/network.yaml", "app.kubernetes.io/component: gateway",
                      "app.kubernetes.io/component: gate", "finds no pod")

    def test_another_image(self):
        self.manifest(POD, "image: headrace:0.1.0", "image: headrace:latest", "images are not")

    def test_a_program_that_is_not_installed(self):
        self.manifest(POD, "command: [headrace-worker]", "command: [headrace-wroker]",
                      "headrace-wroker is not installed")

    def test_a_file_that_no_kustomization_names(self):
        self.manifest("deploy/k8s/kustomization.yaml", "  - network.yaml\n", "",
                      "deploy/k8s/network.yaml:1: no kustomization.yaml names it")

    def test_more_replicas_than_partitions(self):
        self.manifest("deploy/k8s/keda/scaled-object.yaml", "maxReplicaCount: 16",
                      "maxReplicaCount: 17", "more replicas than")

    def test_the_group_of_other_workers(self):
        self.manifest("deploy/k8s/keda/scaled-object.yaml", "headrace.workers.http",
                      "headrace.workers.cpu", "group is not that of")

    def test_a_unit_that_starts_what_is_not_installed(self):
        self.manifest(UNIT, "@bindir@/headrace-worker", "@bindir@/headrace-job",
                      "is not installed into @bindir@")

    def test_a_unit_that_ends_before_the_drain(self):
        self.manifest(UNIT, "TimeoutStopSec=45", "TimeoutStopSec=30", "is not above the drain")

    def test_a_unit_without_its_walls(self):
        self.manifest(UNIT, "ProtectSystem=strict\n", "", "not ProtectSystem=strict")

    def test_an_example_of_a_setting_that_is_not_there(self):
        self.manifest("deploy/systemd/worker.env.example", "HEADRACE_REDIS=", "HEADRACE_RADIS=",
                      "worker has no setting HEADRACE_RADIS")

    def test_an_image_built_without_a_library(self):
        self.manifest("deploy/Dockerfile", "libuv1-dev ", "", "is not built with libuv1-dev")

    # documents

    def test_documents_pass(self):
        self.assertEqual(self.lint("documents")[0], 0)

    def test_a_metric_that_is_not_there(self):
        self.document("docs/operations.md", "headrace_gateway_kafka_up", "headrace_gateway_kafka",
                      "there is no metric headrace_gateway_kafka\n")

    def test_an_alert_that_nobody_explains(self):
        self.document("deploy/prometheus/alerts.yaml", "owned_count) < 32", "owned_count) < 31",
                      "docs/operations.md does not have sum(")
        self.document("deploy/prometheus/alerts.yaml", "headrace_worker_pg_up_count",
                      "headrace_worker_pg_up", "there is no metric headrace_worker_pg_up\n")

    def test_a_variable_that_nobody_reads(self):
        self.document("docs/operations.md", "HEADRACE_DRAIN", "HEADRACE_DRAIN_MS",
                      "nobody reads HEADRACE_DRAIN_MS")

    def test_a_command_that_is_not_there(self):
        self.document("docs/operations.md", "`headrace why ", "`headrace whence ",
                      "there is no command headrace whence")

    def test_a_test_that_is_not_there(self):
        self.document("docs/operations.md", "`deploy/topics.yaml`", "`deploy/topic.yaml`",
                      "deploy/topic.yaml does not exist")

    def test_a_law_that_is_told_otherwise(self):
        self.document("docs/reliability.md", "waits for nothing", "waits for something",
                      "law 6 is only in")

    # asyncapi

    def asyncapi(self, path, old, new, expected):
        self.complains("asyncapi", path, old, new, expected)

    def test_asyncapi_passes(self):
        self.assertEqual(self.lint("asyncapi")[0], 0)

    def test_a_topic_that_is_described_otherwise(self):
        self.asyncapi("deploy/topics.yaml", "partitions: 16", "partitions: 24",
                      "headrace.tasks.http.v1: partitions")
        self.asyncapi("deploy/topics.yaml", "headrace.results.v1", "headrace.results.v2",
                      "topic headrace.results.v2 is only in deploy/topics.yaml")

    def test_a_field_that_is_not_described(self):
        self.asyncapi("proto/headrace/v1/event.proto", "bytes started_by = 12;",
                      "bytes started_by = 12;\n  bytes more = 13;", "TriggerEvent.more is None")

    def test_a_field_of_another_number(self):
        self.asyncapi("docs/asyncapi.yaml", "{number: 12, type: bytes}",
                      "{number: 14, type: bytes}", "TriggerEvent.started_by is (14")

    def test_a_header_that_is_not_described(self):
        self.asyncapi("worker/dead_letter.c", "headrace-reason", "headrace-cause",
                      "DeadLetter: headers")

    def test_a_reference_that_leads_nowhere(self):
        self.asyncapi("docs/asyncapi.yaml", "#/channels/results", "#/channels/result",
                      "#/channels/result leads nowhere")


if __name__ == "__main__":
    unittest.main()
