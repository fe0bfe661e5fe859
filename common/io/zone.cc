/*
 * Zone: a C face of cctz, the one library of the distribution that reads the system's tzdata and
 * tells whether a local time is skipped or repeated.
 *
 * Runs on: lane, or loop.
 */

#include <cstdlib>
#include <string>
#include <unistd.h>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <map>
#include <memory>
#include <mutex>

extern "C" {
#include "common/io/zone.h"
}

using Seconds = cctz::time_point<cctz::seconds>;

/* The longest name of tzdata has 32 letters. */
static const size_t name_bytes_max = 64;

static Seconds point(int64_t instant_s) {
    return Seconds(cctz::seconds(instant_s));
}

static int64_t number(Seconds instant) {
    return instant.time_since_epoch().count();
}

static const cctz::time_zone &zone_of(const void *zone) {
    return *static_cast<const cctz::time_zone *>(zone);
}

static cctz::civil_second civil(int64_t local_s) {
    return cctz::civil_second(1970, 1, 1) + local_s;
}

static int64_t offset_s(const void *zone, int64_t instant_s) {
    return zone_of(zone).lookup(point(instant_s)).offset;
}

static ZoneMoment moment(const void *zone, int64_t local_s) {
    const auto found = zone_of(zone).lookup(civil(local_s));
    const int64_t pre = number(found.pre), post = number(found.post), change = number(found.trans);

    switch (found.kind) {
    case cctz::time_zone::civil_lookup::SKIPPED:
        return {ZONE_SKIPPED, change, change, change};
    case cctz::time_zone::civil_lookup::REPEATED:
        return {ZONE_REPEATED, pre, post, change};
    case cctz::time_zone::civil_lookup::UNIQUE:
        break;
    }
    return {ZONE_UNIQUE, pre, pre, pre};
}

static bool next_change(const void *zone, int64_t after_s, int64_t *ret_s) {
    cctz::time_zone::civil_transition transition;

    if (!zone_of(zone).next_transition(point(after_s), &transition))
        return false;
    *ret_s = number(zone_of(zone).lookup(transition.to).trans);
    return true;
}

/* Only what stands in the folder of zones: no paths out of it, no file that is no IANA name. */
static bool is_zone_name(const std::string &name) {
    static const char *const foreign[] = {"right/", "posix/", "localtime", "posixrules", "Factory"};
    const char *folder = std::getenv("TZDIR");

    if (name.empty() || name.size() > name_bytes_max || name.front() == '/' || name.back() == '/')
        return false;
    for (char c : name) {
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '/' && c != '_' && c != '-' &&
            c != '+')
            return false;
    }
    for (const char *prefix : foreign) {
        if (name.rfind(prefix, 0) == 0)
            return false;
    }
    return access(((folder ? folder : "/usr/share/zoneinfo") + ("/" + name)).c_str(), R_OK) == 0;
}

/* NULL: no such zone. Never freed: there are as many as tzdata has. */
static const cctz::time_zone *load(const std::string &name) {
    static std::mutex mutex;
    static std::map<std::string, std::unique_ptr<cctz::time_zone>> zones;
    const std::lock_guard<std::mutex> lock(mutex);
    auto known = zones.find(name);

    if (known != zones.end())
        return known->second.get();
    auto zone = std::make_unique<cctz::time_zone>();
    if (!is_zone_name(name) || !cctz::load_time_zone(name, zone.get()))
        return nullptr;
    return (zones[name] = std::move(zone)).get();
}

extern "C" int zone_find(Str name, ZoneRules *ret_rules) {
    const cctz::time_zone *zone = load(std::string(name.data ? name.data : "", name.length));

    if (zone == nullptr)
        return ZONE_E_UNKNOWN;
    *ret_rules = {zone, offset_s, moment, next_change};
    return 0;
}
