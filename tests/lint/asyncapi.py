#!/usr/bin/env python3
"""docs/asyncapi.yaml says what is: topics, messages, fields, and the headers of dead letters.

Topics with partitions, copies and retention are those of deploy/topics.yaml; schemas are the
messages of proto/, each field with its number and type; headers are those that the daemons and the
command line write.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402

try:
    import yaml
except ImportError:
    print("asyncapi: Python reads no YAML here: ./dev setup (Debian package python3-yaml)")
    sys.exit(1)

PAGE = "docs/asyncapi.yaml"
TOPICS = "deploy/topics.yaml"
# Who writes the headers of which message.
HEADERS = {
    "DeadLetter": ("coordinator/dead_letter.c", "worker/dead_letter.c", "trigger-gateway/record.c"),
    "DeadLetterMark": ("cli/letters.c",),
}


def proto_messages(root, all_paths):
    """{message: {field: (number, type)}}"""
    messages = {}
    for path in all_paths:
        if not path.startswith("proto/") or not path.endswith(".proto"):
            continue
        for name, body in re.findall(r"^message (\w+) \{(.*?)^\}", tree.text_of(root, path),
                                     re.M | re.S):
            body = re.sub(r"enum \w+ \{.*?\}", "", body, flags=re.S)
            fields = re.findall(r"^\s*((?:repeated )?\w+) (\w+) = (\d+);", body, re.M)
            messages[name] = {field: (int(number), kind) for kind, field, number in fields}
    return messages


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


def resolve(document, reference):
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def reference_problems(document):
    for reference in references(document):
        if resolve(document, reference) is None:
            yield f"{reference} leads nowhere"
    used = set(references(document))
    for kind in ("messages", "schemas"):
        for name in document["components"][kind]:
            if f"#/components/{kind}/{name}" not in used:
                yield f"nothing uses {kind}/{name}"
    for name in document["channels"]:
        if f"#/channels/{name}" not in used:
            yield f"no operation uses the channel {name}"


def topic_problems(root, document):
    wanted = {topic["name"]: topic for topic in
              yaml.safe_load(tree.text_of(root, TOPICS))["topics"]}
    found = {channel["address"]: channel.get("bindings", {}).get("kafka", {})
             for channel in document["channels"].values()
             if channel["address"].startswith("headrace.")}
    for name in sorted(set(wanted) ^ set(found)):
        yield f"topic {name} is only in {TOPICS if name in wanted else PAGE}"
    for name in set(wanted) & set(found):
        topic, binding = wanted[name], found[name]
        there = (topic["partitions"], topic["replicationFactor"],
                 topic["config"].get("retention.ms"))
        here = (binding.get("partitions"), binding.get("replicas"),
                binding.get("topicConfiguration", {}).get("retention.ms"))
        if there != here or binding.get("topic") != name:
            yield f"{name}: partitions, replicas, retention {here} are {there} in {TOPICS}"


def message_problems(root, all_paths, document):
    wanted = proto_messages(root, all_paths)
    schemas = document["components"]["schemas"]
    for name in sorted(set(wanted) ^ set(schemas)):
        yield f"message {name} is only in {'proto/' if name in wanted else PAGE}"
    for name in sorted(set(wanted) & set(schemas)):
        found = {field: (row["x-protobuf"]["number"], row["x-protobuf"]["type"])
                 for field, row in schemas[name]["properties"].items()}
        for field in sorted(set(wanted[name]) | set(found)):
            if wanted[name].get(field) != found.get(field):
                yield f"{name}.{field} is {found.get(field)}, in proto/ {wanted[name].get(field)}"
            elif not schemas[name]["properties"][field].get("description"):
                yield f"{name}.{field} has no description"


def header_problems(root, all_paths, document):
    for name, sources in HEADERS.items():
        headers = document["components"]["messages"][name]["headers"]
        found, always = set(headers["properties"]), set(headers["required"])
        written = [set(re.findall(r'"(headrace-[a-z-]+)"', tree.text_of(root, path)))
                   for path in sources if path in all_paths]
        if name == "DeadLetterMark":
            # The same file names the topic's client too.
            written = [{header for header in names if header in found or
                        not header.startswith("headrace-dead-letters")} for names in written]
        if set().union(*written) != found:
            yield f"{name}: headers {sorted(found ^ set().union(*written))} are on one side only"
        if set.intersection(*written) != always:
            yield f"{name}: not always there: {sorted(always ^ set.intersection(*written))}"


def main():
    root = tree.root_from_args()
    all_paths = tree.paths(root)
    problems = []
    if PAGE in all_paths:
        document = yaml.safe_load(tree.text_of(root, PAGE))
        problems = [f"{PAGE}:1: {what}" for what in (
            *reference_problems(document), *topic_problems(root, document),
            *message_problems(root, all_paths, document),
            *header_problems(root, all_paths, document))]
    tree.finish("asyncapi", 1, problems, of="page")


if __name__ == "__main__":
    main()
