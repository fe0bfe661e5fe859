#!/usr/bin/env python3
"""Whatever comes from outside shows its clear error, while everything else goes on."""

import json
import socket
import time

import stack

SINK = stack.Sink()
SECRET = "canary-4f1c-hook-secret"


def reset(request):
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    request.connection.close()
    request.close_connection = True


def huge(request):
    request.send_response(200)
    request.send_header("Content-Length", str(100 << 20))
    request.end_headers()
    try:
        for _ in range(100):
            request.wfile.write(b"x" * (1 << 20))
    except OSError:
        pass


def one_call(path, **more):
    return {
        "name": path, "triggers": [{"id": "hand", "type": "MANUAL"}],
        "steps": [{"id": "call", **stack.action(SINK.url + path), "retry": {"maxAttempts": 2,
                   "initialMs": 50}, **more, "onErrorSteps": ["caught"]},
                  {"id": "caught", "type": "TRANSFORM", "inputMappings": {"error": "${ .error }"}}],
        "output": "${ .steps.caught.output.error }",
    }


def the_stack_comes_up():
    SINK.routes.update({
        "/500": lambda request: request.answer(500, b'{"why":"broken"}'),
        "/404": lambda request: request.answer(404, b'{"why":"not here"}'),
        "/hang": lambda request: time.sleep(20),
        "/reset": reset,
        "/huge": huge,
    })
    stack.up()
    stack.publish("good", {"name": "good", "triggers": [{"id": "hand", "type": "MANUAL"}],
                           "steps": [{"id": "call", **stack.action(SINK.url + "/good")}]})


def good_work_goes_on():
    assert stack.ended(stack.start("good"), 30)["status"] == "COMPLETED"


def error_of(key, definition, seconds=60):
    stack.publish(key, definition)
    execution = stack.ended(stack.start(key), seconds)
    assert execution["status"] == "COMPLETED", execution
    return execution["output"]


def a_target_that_answers_500_is_tried_again_and_told():
    error = error_of("http-500", one_call("/500"))
    assert (error["type"], error["status"], error["attempt"]) == ("HTTP_5XX", 500, 1), error


def a_target_that_answers_404_is_asked_once():
    before = len(SINK.keys("/404"))
    error = error_of("http-404", one_call("/404"))
    assert (error["type"], error["status"]) == ("HTTP_4XX", 404), error
    assert len(SINK.keys("/404")) == before + 1


def a_target_that_hangs_times_out():
    error = error_of("hang", one_call("/hang", attemptTimeoutMs=1000))
    assert error["type"] == "TIMEOUT", error


def a_target_that_resets_is_a_network_error():
    error = error_of("reset", one_call("/reset"))
    assert error["type"] == "NETWORK", error


def a_target_that_sends_100_mb_is_cut_off():
    error = error_of("huge", one_call("/huge"))
    assert error["type"] == "PAYLOAD_TOO_LARGE", error


def a_private_address_is_refused():
    definition = one_call("/x")
    definition["steps"][0]["inputMappings"]["url"] = "http://169.254.169.254/latest/meta-data"
    error = error_of("metadata", definition)
    assert error["type"] == "EGRESS_DENIED", error


def an_expression_that_loops_ends_within_its_budget():
    definition = {
        "name": "loop", "triggers": [{"id": "hand", "type": "MANUAL"}],
        "steps": [{"id": "spin", "type": "TRANSFORM",
                   "inputMappings": {"x": "${ last(range(1e12)) }"}, "onErrorSteps": ["caught"]},
                  {"id": "caught", "type": "TRANSFORM", "inputMappings": {"error": "${ .error }"}}],
        "output": "${ .steps.caught.output.error }",
    }
    error = error_of("loop", definition)
    assert error["type"] == "EXPRESSION" and "steps" in error["message"], error


def an_invalid_definition_is_refused_with_every_problem():
    draft = {"name": "bad", "steps": [
        {"id": "a", "type": "ACTION", "integrationId": "http", "integrationActionId": "request",
         "nextSteps": ["nowhere"]},
        {"id": "a", "type": "NO_SUCH_TYPE"},
        {"id": "c", "type": "CONDITION", "condition": ".trigger |"}]}
    path = stack.os.path.join(stack.STACK, "bad.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(draft, file)
    done = stack.cli("check", path, check=False)
    codes = {problem["code"] for problem in json.loads(done.stdout)}
    assert done.returncode == 2, done.returncode
    assert {"DANGLING_REFERENCE", "DUPLICATE_ID", "UNKNOWN_STEP_TYPE", "BAD_EXPRESSION"} <= codes
    refused = stack.cli("apply", "-f", path, "--id", "bad", "--publish", check=False)
    assert refused.returncode != 0 and "DANGLING_REFERENCE" in refused.stdout + refused.stderr


def status_of_large(url):
    """curl reads the refusal although it came before the body was sent."""
    path = stack.os.path.join(stack.STACK, "large.json")
    with open(path, "wb") as file:
        file.write(b'"' + b"x" * (2 << 20) + b'"')
    return stack.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary",
                     f"@{path}", url, check=False).stdout


def webhooks_fail_closed():
    stack.cli("variable", "set", "HOOK_SECRET", "--type", "SECRET", "--value", SECRET)
    stack.publish("hook", {
        "name": "hook",
        "triggers": [{"id": "in", "type": "WEBHOOK", "config": {
            "path": "in", "signature": {"scheme": "github", "secretVariable": "HOOK_SECRET"}}}],
        "steps": [{"id": "echo", "type": "TRANSFORM",
                   "inputMappings": {"got": "${ .trigger.body }"}}],
    })
    url = stack.webhook_url("hook", "in")
    body = b'{"n":1}'
    delivery = "delivery-1"
    good = stack.until("the gateway knows the hook", 10, lambda: (
        lambda answer: answer if answer.status == 202 else None)(
            stack.http("POST", url, body, stack.signed(SECRET, body, delivery))))
    again = stack.http("POST", url, body, stack.signed(SECRET, body, delivery))
    assert again.json["executionId"] == good.json["executionId"], "a redelivery got another id"
    assert stack.ended(good.json["executionId"])["status"] == "COMPLETED"
    wrong = stack.http("POST", url, body, stack.signed("other", body))
    assert wrong.status == 401, (wrong.status, wrong.text)
    bare = stack.http("POST", url, body)
    assert bare.status == 401, (bare.status, bare.text)
    broken = b'{"n":'
    assert stack.http("POST", url, broken, stack.signed(SECRET, broken)).status == 400
    nul = b'{"n":"\\u0000"}'
    assert stack.http("POST", url, nul, stack.signed(SECRET, nul)).status == 400
    assert status_of_large(url) == "413"
    missing = stack.http("POST", url.replace("/h/", "/h/0"), body)
    assert missing.status == 404, missing.status


def garbage_on_every_topic_becomes_a_dead_letter():
    before = dead_letters()
    for topic in ("headrace.events.v1", "headrace.results.v1", "headrace.tasks.http.v1"):
        for value in ("not protobuf at all", "\x7f" * 300):
            stack.run("kcat", "-P", "-b", stack.kafka(), "-t", topic, "-p", "0", text=value)
    stack.until("six dead letters", 20, lambda: dead_letters() >= before + 6)


def dead_letters():
    done = stack.run("kcat", "-C", "-b", stack.kafka(),
                     "-t", "headrace.dead-letters.v1", "-e", "-q", "-f", "%t/%p/%o %h\n")
    return len(done.stdout.splitlines())


def while_kafka_is_down_hooks_answer_503():
    url = stack.webhook_url("hook", "in")
    body = b'{"n":2}'
    kafka = stack.pid_of("kafka")
    stack.os.kill(kafka, stack.signal.SIGSTOP)
    try:
        refused = stack.until("503", 30, lambda: (
            lambda answer: answer if answer.status == 503 else None)(
                stack.http("POST", url, body, stack.signed(SECRET, body))), every=0.5)
        assert int(refused.headers["Retry-After"]) > 0
    finally:
        stack.os.kill(kafka, stack.signal.SIGCONT)
    accepted = stack.until("202 again", 60, lambda: (
        lambda answer: answer if answer.status == 202 else None)(
            stack.http("POST", url, body, stack.signed(SECRET, body))), every=0.5)
    assert stack.ended(accepted.json["executionId"], 60)["status"] == "COMPLETED"


def no_secret_is_anywhere():
    dump = stack.run("pg_dump", "--data-only", "--dbname", stack.os.environ["HEADRACE_PG_DSN"],
                     check=False).stdout
    assert SECRET not in dump
    for name in stack.DAEMONS:
        assert SECRET not in stack.read("log", f"{name}.log"), name
    for topic in ("headrace.events.v1", "headrace.results.v1", "headrace.tasks.http.v1"):
        done = stack.run("kcat", "-C", "-b", stack.kafka(), "-t", topic, "-e",
                         "-q", "-f", "%s\n")
        assert SECRET not in done.stdout, topic


def the_laws_hold():
    stack.verify()


if __name__ == "__main__":
    stack.main([
        the_stack_comes_up, good_work_goes_on, a_target_that_answers_500_is_tried_again_and_told,
        a_target_that_answers_404_is_asked_once, a_target_that_hangs_times_out,
        a_target_that_resets_is_a_network_error, a_target_that_sends_100_mb_is_cut_off,
        a_private_address_is_refused, an_expression_that_loops_ends_within_its_budget,
        an_invalid_definition_is_refused_with_every_problem, webhooks_fail_closed,
        garbage_on_every_topic_becomes_a_dead_letter, while_kafka_is_down_hooks_answer_503,
        good_work_goes_on, no_secret_is_anywhere, the_laws_hold])
