/* The outermost object of a definition, and its settings. */

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/plan/read.h"

#define OBJECT IS(JSON_OBJECT)
#define ARRAY IS(JSON_ARRAY)
#define ANY_VALUE UINT32_MAX
#define AT(member) offsetof(Plan, member)

static void read_output(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    Plan *plan = object->into;

    plan->output = build_template(build, place, value, PLAN_NONE, SEES_SCOPE);
}

static const ReadKey settings_keys[] = {
    {.key = "timeoutMs",
     .type = READ_NUMBER,
     .at = AT(timeout_ms),
     .low = 1,
     .high = DURATION_MS_MAX},
    {.key = "failFast", .type = READ_FLAG, .at = AT(fail_fast)},
    {.key = "fuse", .type = READ_FLAG, .at = AT(is_fused)},
    {.key = "concurrencyKey", .type = READ_RESERVED},
    {.key = "maxConcurrency", .type = READ_RESERVED},
    {.key = "onLimit", .type = READ_RESERVED},
    {.key = "onError", .type = READ_RESERVED},
    {.key = "errorTemplateId", .type = READ_RESERVED},
    {.key = "priority", .type = READ_RESERVED},
    {.key = "businessKeys", .type = READ_RESERVED},
};

static void read_settings(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    ReadObject settings = {
        .keys = settings_keys,
        .key_count = ARRAY_SIZE(settings_keys),
        .name = "settings",
        .into = object->into,
        .node = PLAN_NONE,
    };

    read_object(build, place, value, &settings);
}

static const ReadKey definition_keys[] = {
    {.key = "name", .type = READ_TEXT, .at = AT(name)},
    {.key = "description", .type = READ_CARRIED},
    {.key = "triggers", .type = READ_PART, .read = read_triggers, .json = ARRAY},
    {.key = "steps", .type = READ_PART, .read = read_steps, .json = ARRAY},
    {.key = "output", .type = READ_PART, .read = read_output, .json = ANY_VALUE},
    {.key = "settings", .type = READ_PART, .read = read_settings, .json = OBJECT},
    {.key = "metadata", .type = READ_CARRIED},
};

void build_read(Build *build, const Json *root) {
    Place place = place_root();
    ReadObject definition = {
        .keys = definition_keys,
        .key_count = ARRAY_SIZE(definition_keys),
        .name = "a definition",
        .into = build->plan,
        .node = PLAN_NONE,
    };

    build->plan->fail_fast = true;
    build->plan->is_fused = true;
    read_object(build, &place, root, &definition);
    if (json_is(root, JSON_OBJECT) && json_member(root, STR("steps")) == NULL)
        build_complain(build, PROBLEM_NO_STEPS, &place,
                       "a definition needs `steps`, an array with at least one step");
}
