/* Records as events, in three forms. */

#include <criterion/criterion.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/defs.h"
#include "common/model/limits.h"
#include "trigger-gateway/fire/cloudevent.h"

#define BINARY_HEADERS                                                                             \
    {STR("ce_specversion"), STR("1.0")}, {STR("ce_id"), STR("e1")},                                \
        {STR("ce_source"), STR("/shop")}, {                                                        \
        STR("ce_type"), STR("order.created")                                                       \
    }

static EventRecord record_of(const Field *headers, uint32_t count, const char *value) {
    return (EventRecord){
        .topic = STR("orders"),
        .partition = 3,
        .offset = 42,
        .timestamp_ms = 1774746000123,
        .key = STR("order-1"),
        .value = str_of(value),
        .headers = {headers, count},
    };
}

static void expect_event(const EventRecord *record, const char *text, const char *key) {
    _cleanup_(arena_done) Arena arena = {0};
    CloudEvent event;
    Str why = STR_NONE;

    cr_assert_eq(cloudevent_read(record, &arena, &event, &why), 0, "%.*s", STR_ARGS(why));
    cr_expect(str_is(event.text, text), "%.*s", STR_ARGS(event.text));
    cr_expect(str_is(event.key, key), "%.*s", STR_ARGS(event.key));
}

static void expect_refused(const EventRecord *record, int r) {
    _cleanup_(arena_done) Arena arena = {0};
    CloudEvent event = {.id = STR("untouched")};
    Str why = STR_NONE;

    cr_expect_eq(cloudevent_read(record, &arena, &event, &why), r, "%.*s", STR_ARGS(why));
    cr_expect_gt(why.length, 0);
    cr_expect(str_is(event.id, "untouched"));
    cr_expect_gt(strlen(cloudevent_refusal_word(r)), 0);
}

Test(cloudevent, binary_headers_are_attributes_and_the_value_is_the_data) {
    static const Field headers[] = {
        BINARY_HEADERS,
        {STR("ce_tier"),      STR("gold")                                                   },
        {STR("content-type"), STR("application/json")                                       },
        {STR("traceparent"),  STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
    };
    EventRecord record = record_of(headers, ARRAY_SIZE(headers), "{\"total\": 12.50}");
    _cleanup_(arena_done) Arena arena = {0};
    CloudEvent event;
    Str why;

    expect_event(&record,
                 "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/shop\","
                 "\"type\":\"order.created\",\"tier\":\"gold\","
                 "\"datacontenttype\":\"application/json\",\"data\":{\"total\":12.50}}",
                 "5:/shop e1");
    cr_assert_eq(cloudevent_read(&record, &arena, &event, &why), 0);
    cr_expect(str_is(event.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
}

Test(cloudevent, binary_data_of_another_type_is_text_or_base64) {
    static const Field text[] = {
        BINARY_HEADERS, {STR("content-type"), STR("text/plain")}
    };
    static const Field image[] = {
        BINARY_HEADERS, {STR("content-type"), STR("image/png")}
    };
    EventRecord record = record_of(text, 5, "hello");

    expect_event(&record,
                 "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/shop\","
                 "\"type\":\"order.created\",\"datacontenttype\":\"text/plain\","
                 "\"data\":\"hello\"}",
                 "5:/shop e1");
    record = record_of(image, 5, "\xff\xfe\x01x");
    expect_event(&record,
                 "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/shop\","
                 "\"type\":\"order.created\",\"datacontenttype\":\"image/png\","
                 "\"data_base64\":\"//4BeA==\"}",
                 "5:/shop e1");
}

Test(cloudevent, a_binary_event_without_a_value_has_no_data) {
    static const Field headers[] = {BINARY_HEADERS};
    EventRecord record = record_of(headers, 4, NULL);

    expect_event(&record,
                 "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/shop\","
                 "\"type\":\"order.created\"}",
                 "5:/shop e1");
}

Test(cloudevent, a_structured_event_is_the_value) {
    static const Field headers[] = {
        {STR("Content-Type"), STR("application/cloudevents+json; charset=UTF-8")}
    };
    EventRecord record = record_of(headers, 1,
                                   "{\"specversion\":\"1.0\",\"id\":\"e 1\",\"source\":\"s\","
                                   "\"type\":\"t\",\"data\":[1]}");

    expect_event(&record,
                 "{\"specversion\":\"1.0\",\"id\":\"e 1\",\"source\":\"s\",\"type\":\"t\","
                 "\"data\":[1]}",
                 "1:s e 1");
}

Test(cloudevent, plain_json_is_named_by_its_place) {
    EventRecord record = record_of(NULL, 0, "{\"a\":1}");

    expect_event(&record,
                 "{\"specversion\":\"1.0\",\"id\":\"orders-3-42\",\"source\":\"/kafka/orders\","
                 "\"type\":\"orders\",\"subject\":\"order-1\","
                 "\"time\":\"2026-03-29T01:00:00.123Z\",\"data\":{\"a\":1}}",
                 "13:/kafka/orders orders-3-42");
}

Test(cloudevent, source_and_id_cannot_be_shifted_into_each_other) {
    static const Field one[] = {
        {STR("ce_specversion"), STR("1.0")},
        {STR("ce_id"),          STR("c")  },
        {STR("ce_source"),      STR("a b")},
        {STR("ce_type"),        STR("t")  },
    };
    static const Field other[] = {
        {STR("ce_specversion"), STR("1.0")},
        {STR("ce_id"),          STR("b c")},
        {STR("ce_source"),      STR("a")  },
        {STR("ce_type"),        STR("t")  },
    };
    _cleanup_(arena_done) Arena arena = {0};
    EventRecord record = record_of(one, 4, "1");
    CloudEvent first, second;
    Str why;

    cr_assert_eq(cloudevent_read(&record, &arena, &first, &why), 0);
    record = record_of(other, 4, "1");
    cr_assert_eq(cloudevent_read(&record, &arena, &second, &why), 0);
    cr_expect_not(str_equal(first.key, second.key));
}

Test(cloudevent, what_is_no_event_is_refused) {
    static const Field structured[] = {
        {STR("content-type"), STR("application/cloudevents+json")}
    };
    static const Field batch[] = {
        {STR("content-type"), STR("application/cloudevents-batch+json")}
    };
    static const Field no_type[] = {
        {STR("ce_specversion"), STR("1.0")},
        {STR("ce_id"),          STR("1")  },
        {STR("ce_source"),      STR("s")  },
    };
    static const Field old[] = {
        {STR("ce_specversion"), STR("0.3")},
        {STR("ce_id"),          STR("1")  },
        {STR("ce_source"),      STR("s")  },
        {STR("ce_type"),        STR("t")  },
    };
    static const Field shadow[] = {
        BINARY_HEADERS, {STR("ce_data"), STR("x")}
    };
    static const Field capital[] = {
        BINARY_HEADERS, {STR("ce_Data"), STR("x")}
    };
    static const Field latin[] = {
        BINARY_HEADERS, {STR("ce_x"), STR("\xe9")}
    };
    const struct {
        EventRecord record;
        int r;
    } cases[] = {
        {record_of(NULL,       0, "not json"),                           EVENT_E_UNREADABLE},
        {record_of(NULL,       0, ""),                                   EVENT_E_UNREADABLE},
        {record_of(NULL,       0, NULL),                                 EVENT_E_UNREADABLE},
        {record_of(NULL,       0, "\"\\u0000\""),                        EVENT_E_STORABLE  },
        {record_of(structured, 1, "[]"),                                 EVENT_E_INVALID   },
        {record_of(structured, 1, "{\"id\":\"1\"}"),                     EVENT_E_INVALID   },
        {record_of(structured, 1, "{\"specversion\":\"1.0\",\"id\":7}"), EVENT_E_INVALID   },
        {record_of(structured, 1, "{"),                                  EVENT_E_UNREADABLE},
        {record_of(batch,      1, "[]"),                                 EVENT_E_INVALID   },
        {record_of(no_type,    3, "1"),                                  EVENT_E_INVALID   },
        {record_of(old,        4, "1"),                                  EVENT_E_INVALID   },
        {record_of(shadow,     5, "1"),                                  EVENT_E_INVALID   },
        {record_of(capital,    5, "1"),                                  EVENT_E_INVALID   },
        {record_of(latin,      5, "1"),                                  EVENT_E_INVALID   },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_refused(&cases[i].record, cases[i].r);
}

Test(cloudevent, a_value_beyond_the_payload_limit_is_refused) {
    EventRecord record = record_of(NULL, 0, NULL);
    char *bytes = alloc_bytes(PAYLOAD_BYTES_MAX + 1);

    memset(bytes, ' ', PAYLOAD_BYTES_MAX + 1);
    record.value = str_from(bytes, PAYLOAD_BYTES_MAX + 1);
    expect_refused(&record, EVENT_E_TOO_LARGE);
    alloc_free(bytes);
}
