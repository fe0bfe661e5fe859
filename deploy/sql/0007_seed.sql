-- The integrations every tenant has: http, to call anything, and core, to call nothing.
--
-- Their ids are fixed, so that every installation knows them by the same ones. A later migration
-- that edits them calls integration_publish() again.

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;

INSERT INTO integration_definition (id, tenant_id, name, display_name, description, auth_type,
                                    created_by)
VALUES ('00000000-0000-7000-8000-000000000001', NULL, 'http', 'HTTP',
        'Calls any HTTP or HTTPS address.', 'NONE', 'system'),
       ('00000000-0000-7000-8000-000000000002', NULL, 'core', 'Core',
        'What needs no service at all.', 'NONE', 'system');

INSERT INTO integration_action (id, tenant_id, integration_id, name, display_name, endpoint,
                                method, input_schema, output_schema, default_config, created_by)
VALUES ('00000000-0000-7000-8000-000000000011', NULL, '00000000-0000-7000-8000-000000000001',
        'request', 'Request', '${ .url }', '${ .method // "GET" }',
        '{
          "type": "object",
          "required": ["url"],
          "additionalProperties": false,
          "properties": {
            "method": {"type": "string",
                       "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]},
            "url": {"type": "string", "minLength": 1, "maxLength": 8192},
            "headers": {"type": "object",
                        "additionalProperties": {"type": ["string", "number", "boolean"]}},
            "query": {"type": "object"},
            "body": {}
          }
        }',
        '{
          "type": "object",
          "required": ["status", "headers"],
          "properties": {
            "status": {"type": "integer"},
            "headers": {"type": "object"},
            "body": {}
          }
        }',
        '{
          "headers": "${ .headers // {} }",
          "query": "${ .query // {} }",
          "body": "${ .body }",
          "timeoutMs": 30000,
          "idempotency": {"GET": "NATURAL", "HEAD": "NATURAL", "OPTIONS": "NATURAL",
                          "PUT": "NATURAL", "DELETE": "NATURAL", "default": "KEY"}
        }', 'system'),
       ('00000000-0000-7000-8000-000000000021', NULL, '00000000-0000-7000-8000-000000000002',
        'noop', 'No operation', '', '', '{}', '{}', '{"idempotency": "NATURAL"}', 'system');

DO $$
BEGIN
    PERFORM headrace.integration_publish('00000000-0000-7000-8000-000000000001');
    PERFORM headrace.integration_publish('00000000-0000-7000-8000-000000000002');
END
$$;
