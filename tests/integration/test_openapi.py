#!/usr/bin/env python3
"""docs/openapi.yaml says exactly what the route table says: paths, methods, permissions."""

import os
import re
import subprocess
import unittest

import jsonschema
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HEADRACE_BUILD_DIR", os.path.join(ROOT, "build"))
METHODS = {"get", "put", "post", "patch", "delete"}

with open(os.path.join(ROOT, "docs", "openapi.yaml"), encoding="utf-8") as opened:
    DOCUMENT = yaml.safe_load(opened)
TABLE = [line.split() for line in subprocess.run(
    [os.path.join(BUILD, "trigger-gateway", "headrace-gateway"), "--print-routes"], check=True,
    capture_output=True, text=True).stdout.splitlines()]


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item, item[method]


def references(node):
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference):
    node = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


class OpenApi(unittest.TestCase):
    def test_it_has_every_route_of_the_table_and_no_other(self):
        documented = {(method.upper(), path) for path, method, _, _ in operations()}
        self.assertEqual(documented, {(row[0], row[1]) for row in TABLE})
        self.assertEqual(len(TABLE), len(documented))

    def test_each_operation_names_the_permission_of_its_route(self):
        wanted = {(row[0], row[1]): (row[2], row[3]) for row in TABLE}
        for path, method, _, operation in operations():
            self.assertEqual((operation["x-permission"], operation["x-role"]),
                             wanted[method.upper(), path], f"{method} {path}")

    def test_path_parameters_are_declared(self):
        for path, method, item, operation in operations():
            declared = item.get("parameters", []) + operation.get("parameters", [])
            declared = [resolve(p["$ref"]) if "$ref" in p else p for p in declared]
            named = {p["name"] for p in declared if p["in"] == "path"}
            self.assertEqual(named, set(re.findall(r"{(\w+)}", path)), f"{method} {path}")

    def test_every_reference_leads_somewhere_and_everything_is_used(self):
        used = set(references(DOCUMENT))
        for reference in used:
            resolve(reference)
        for kind in ("parameters", "requestBodies", "responses", "schemas"):
            for name in DOCUMENT["components"][kind]:
                self.assertIn(f"#/components/{kind}/{name}", used)

    def test_operation_ids_are_unique_and_every_answer_of_a_refusal_is_a_problem(self):
        ids = [operation["operationId"] for _, _, _, operation in operations()]
        self.assertEqual(len(ids), len(set(ids)))
        for path, method, _, operation in operations():
            for status in ("4XX", "5XX"):
                self.assertEqual(operation["responses"][status],
                                 {"$ref": "#/components/responses/Problem"}, f"{method} {path}")

    def test_schemas_are_schemas(self):
        for name, schema in DOCUMENT["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
            self.assertIsInstance(schema, dict, name)

    def test_the_codes_of_problems_are_those_of_the_product(self):
        with open(os.path.join(ROOT, "trigger-gateway", "api", "api_problem.h"),
                  encoding="utf-8") as header:
            codes = re.findall(r"X\(([A-Z_]+), \d+,", header.read())
        problem = DOCUMENT["components"]["schemas"]["Problem"]
        self.assertEqual(problem["properties"]["code"]["enum"], codes)


if __name__ == "__main__":
    unittest.main()
