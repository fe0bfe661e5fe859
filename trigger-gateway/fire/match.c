/* Events and the triggers they concern. */

#include "trigger-gateway/fire/match.h"

static bool fits_type(Str pattern, Str type) {
    if (pattern.length > 0 && pattern.data[pattern.length - 1] == '*')
        return str_starts(type, str_slice(pattern, 0, pattern.length - 1));
    return str_equal(pattern, type);
}

static bool fits(Str wanted, Str found) {
    return wanted.length == 0 || str_equal(wanted, found);
}

MatchVerdict match_event(const EventRule *rule, const EventRecord *record, const CloudEvent *event,
                         Arena *arena) {
    ExprContext context = {
        .now_ms = record->timestamp_ms, .budget = EXPR_BUDGET_DEFAULT, .arena = arena};
    ExprMistake mistake;
    Json answer;

    if (!fits_type(rule->type, event->type) || !fits(rule->topic, record->topic) ||
        !fits(rule->source, event->source) || !fits(rule->subject, event->subject))
        return MATCH_NO;
    if (rule->filter == NULL)
        return MATCH_YES;
    if (expr_eval_one(rule->filter, &event->value, &context, &answer, &mistake))
        return MATCH_BROKEN;
    if (!json_is(&answer, JSON_TRUE) && !json_is(&answer, JSON_FALSE))
        return MATCH_BROKEN;
    return json_is(&answer, JSON_TRUE) ? MATCH_YES : MATCH_NO;
}
