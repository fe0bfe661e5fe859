#!/usr/bin/env python3
"""README's lines work as they stand there: checks, expressions, kcat, SQL, lists."""

import re

import stack

README = open(stack.os.path.join(stack.ROOT, "README.md"), encoding="utf-8").read()


def line_with(text):
    """The one line of README's code blocks that holds the text."""
    blocks = re.findall(r"^```\n(.*?)^```", README, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if text in line]
    assert len(lines) == 1, f"README has {len(lines)} lines with {text!r}"
    return lines[0]


def shell(line, check=True):
    return stack.run("bash", "-c", f"cd {stack.ROOT} && {line}", check=check)


def the_stack_comes_up():
    stack.up()


def the_example_has_no_problems():
    assert shell(line_with("headrace check")).stdout.strip() == "[]"


def the_expression_adds_up():
    assert shell(line_with("headrace expr")).stdout == "3\n"


def one_kcat_line_starts_a_workflow():
    stack.publish("from-topic", {
        "name": "From a topic",
        "triggers": [{"id": "created", "type": "EVENT",
                      "config": {"topic": "orders", "eventType": "order.created"}}],
        "steps": [{"id": "double", "type": "TRANSFORM",
                   "inputMappings": {"twice": "${ .input.total * 2 }"}}],
        "output": "${ .steps.double.output }",
    })
    stack.time.sleep(2)  # the gateways' snapshot follows the publication
    shell(line_with("kcat -P"))

    def found():
        items = stack.api("GET", "/v1/executions?templateId=from-topic").json["items"]
        return items[0]["id"] if items else None

    execution = stack.ended(stack.until("an execution", 30, found))
    assert execution["status"] == "COMPLETED" and execution["output"] == {"twice": 14}, execution


def a_dashboard_reads_rows():
    assert "COMPLETED" in shell(line_with("psql")).stdout


def executions_are_listed_and_shown():
    listed = shell("./dev headrace list").stdout
    assert "COMPLETED" in listed, listed
    execution_id = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", listed).group()
    assert "double" in shell(f"./dev headrace show {execution_id}").stdout


if __name__ == "__main__":
    stack.main([the_stack_comes_up, the_example_has_no_problems, the_expression_adds_up,
                one_kcat_line_starts_a_workflow, a_dashboard_reads_rows,
                executions_are_listed_and_shown])
