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
    KEY_NUMBER("timeoutMs", READ_ALL, AT(timeout_ms), 1, DURATION_MS_MAX),
    KEY_FLAG("failFast", AT(fail_fast)),
    KEY_FLAG("fuse", AT(is_fused)),
    KEY_RESERVED("concurrencyKey"),
    KEY_RESERVED("maxConcurrency"),
    KEY_RESERVED("onLimit"),
    KEY_RESERVED("onError"),
    KEY_RESERVED("errorTemplateId"),
    KEY_RESERVED("priority"),
    KEY_RESERVED("businessKeys"),
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
    KEY_TEXT("name", READ_ALL, READ_NOBODY, AT(name)),
    KEY_CARRIED("description", READ_ALL, READ_NOBODY),
    KEY_PART("triggers", READ_ALL, READ_NOBODY, ARRAY, read_triggers),
    KEY_PART("steps", READ_ALL, READ_NOBODY, ARRAY, read_steps),
    KEY_PART("output", READ_ALL, READ_NOBODY, ANY_VALUE, read_output),
    KEY_PART("settings", READ_ALL, READ_NOBODY, OBJECT, read_settings),
    KEY_CARRIED("metadata", READ_ALL, READ_NOBODY),
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
