/* Words of the vocabularies that only messages use. */

#include "common/model/message.h"

#include "common/base/check.h"

#define KIND_WORD(name, word) [name] = word,

static const char *const command_words[] = {COMMAND_TYPES(KIND_WORD)};
static const char *const outcome_words[] = {OUTCOME_KINDS(KIND_WORD)};

const char *command_type_word(CommandType type) {
    CHECK(type < _COMMAND_TYPE_COUNT);
    return command_words[type];
}

const char *outcome_kind_word(OutcomeKind kind) {
    CHECK(kind < _OUTCOME_KIND_COUNT);
    return outcome_words[kind];
}
