// SPDX-License-Identifier: MIT

/// The plugin of mosquitto 2: it asks guard_rules and does what they say. Everything here runs on
/// the broker's only thread, so nothing here may wait.
///
/// What must be known of mosquitto 2.0.11 (file and function of its sources):
///   - BASIC_AUTH is skipped when use_identity_as_username is on (handle_connect.c), so it is off,
///     and user name and client id are what the client claims. A refusal comes before the session
///     that has the same client id is closed (connect__on_authorised), so nobody ends another's.
///   - TICK never comes with per_listener_settings (plugin.c), so nobody is let in before the
///   first.
///   - The session that a new one replaces is disconnected after BASIC_AUTH of the new one.
///   - ACL_CHECK also comes for clients that have gone: for their last will, and for messages that
///     wait for them. Their certificate is gone by then, their client id is not.

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/x509.h>

#include "core_dump.h"
#include "guard_certificate.h"
#include "guard_list.h"
#include "guard_outbox.h"
#include "guard_rules.h"
#include "guard_sessions.h"
#include "openssl_crypto.h"

enum {
    LOOK_MS = 250,    ///< The file is looked at so often.
    REVIEW_MS = 2000, ///< Sessions are judged so often when the list did not change.
    OLD_S = 300,      ///< A list of this age is ten times as old as ohmd lets it become.
};

struct ohm_guard {
    mosquitto_plugin_id_t *id;
    struct crypto crypto;
    struct guard_list list;
    struct guard_sessions *sessions;
    struct guard_outbox outbox;
    uint64_t look_ms; ///< Monotonic, as the next.
    uint64_t review_ms;
    bool review_due;
    bool ticks;                ///< The broker ticks, so that sessions can be ended.
    enum guard_verdict told;   ///< What the log knows of the list,
    bool told_old;             ///< and of its age.
    enum guard_verdict ending; ///< Why the session that is being ended is.
};

/// For the functions that the broker looks up; nothing else is seen from outside.
#define PLUGIN_EXPORT __attribute__((visibility("default")))

static uint64_t utc_s(void)
{
    const time_t now = time(NULL);
    return now > 0 ? (uint64_t)now : 0;
}

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void report(struct ohm_guard *guard, enum guard_event event, enum guard_verdict verdict,
                   const struct guard_certificate *certificate, const struct mosquitto *client)
{
    struct guard_report report = { .event = event, .verdict = verdict, .at_s = utc_s() };
    const char *address = client != NULL ? mosquitto_client_address(client) : NULL;
    if (certificate != NULL) {
        memcpy(report.name, certificate->name, sizeof report.name);
        memcpy(report.certificate_sha256, certificate->sha256, sizeof report.certificate_sha256);
    }
    if (address != NULL) {
        strncpy(report.address, address, sizeof report.address - 1);
    }
    guard_outbox_add(&guard->outbox, &report);
    guard_outbox_flush(&guard->outbox);
}

/// Warns, once, long before an old list shuts everybody out.
static void tell_age(struct ohm_guard *guard)
{
    const uint64_t made_at_s = guard->list.list.made_at_s;
    const uint64_t now_s = utc_s();
    const bool old = now_s > made_at_s && now_s - made_at_s > OLD_S;
    if (old && !guard->told_old) {
        mosquitto_log_printf(MOSQ_LOG_WARNING,
                             "ohm_guard: %s is %" PRIu64 " minutes old: is ohmd running? From 24 "
                             "hours on nobody is let in.",
                             guard->list.path, (now_s - made_at_s) / 60);
    }
    guard->told_old = old;
}

/// Tells what has become of the list, once.
static void tell_list(struct ohm_guard *guard, enum guard_verdict verdict)
{
    if (verdict == guard->told) {
        return;
    }
    guard->told = verdict;
    if (verdict == GUARD_ALLOWED) {
        mosquitto_log_printf(MOSQ_LOG_NOTICE, "ohm_guard: %s: %zu certificates", guard->list.path,
                             guard->list.list.count);
    } else if (verdict == GUARD_LIST_STALE) {
        mosquitto_log_printf(MOSQ_LOG_ERR,
                             "ohm_guard: %s: written %" PRIu64 ", more than 24 hours from now: is "
                             "ohmd running, and the clock right? Nobody is let in.",
                             guard->list.path, guard->list.list.made_at_s);
    } else {
        mosquitto_log_printf(MOSQ_LOG_ERR, "ohm_guard: %s: %s. Nobody is let in; ohmd writes it.",
                             guard->list.path,
                             verdict == GUARD_LIST_MISSING ? "there is no such file"
                                                           : "no whole list that only its owner "
                                                             "may write");
    }
    report(guard, GUARD_EVENT_LIST, verdict, NULL, NULL);
}

static void look_at_list(struct ohm_guard *guard)
{
    guard->review_due |= guard_list_refresh(&guard->list);
    const struct guard_knowledge *knowledge = &guard->list.knowledge;
    enum guard_verdict verdict = knowledge->problem;
    if (verdict == GUARD_ALLOWED) {
        verdict = guard_judge_age(knowledge->list->made_at_s, utc_s());
    }
    tell_list(guard, verdict);
    if (verdict == GUARD_ALLOWED) {
        tell_age(guard);
    }
}

static int refuse(struct ohm_guard *guard, const struct mosquitto *client,
                  const struct guard_certificate *certificate, enum guard_verdict verdict)
{
    const bool named = certificate != NULL && certificate->name[0] != '\0';
    const char *address = mosquitto_client_address(client);
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "ohm_guard: refused %s from %s: %s",
                         named ? certificate->name : "a client without a good name",
                         address != NULL ? address : "nowhere", guard_verdict_name(verdict));
    report(guard, GUARD_EVENT_REFUSED, verdict, certificate, client);
    return MOSQ_ERR_AUTH;
}

/// Lets a client in that was judged well.
static int admit(struct ohm_guard *guard, struct mosquitto *client,
                 const struct guard_certificate *certificate, const struct guard_party *party,
                 bool has_user_name)
{
    const struct guard_session *session = guard_sessions_find(guard->sessions, party->name);
    // At a reload the broker asks again for everybody who is there.
    const bool again =
        session != NULL && session->client == client &&
        memcmp(session->certificate.sha256, certificate->sha256, sizeof certificate->sha256) == 0;
    if (guard_sessions_enter(guard->sessions, client, certificate, party) != STATUS_OK ||
        (!has_user_name && mosquitto_set_username(client, party->name) != MOSQ_ERR_SUCCESS)) {
        return MOSQ_ERR_NOMEM;
    }
    if (!again) {
        report(guard, GUARD_EVENT_AUTHORISED, GUARD_ALLOWED, certificate, client);
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_basic_auth(int event, void *event_data, void *user_data)
{
    struct ohm_guard *guard = user_data;
    struct mosquitto_evt_basic_auth *auth = event_data;
    struct guard_certificate storage;
    struct guard_party party;
    (void)event;

    X509 *x509 = mosquitto_client_certificate(auth->client);
    const bool readable = x509 != NULL && guard_certificate_read(x509, &storage);
    const struct guard_certificate *certificate = readable ? &storage : NULL;
    X509_free(x509);
    if (!guard->ticks) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "ohm_guard: the broker does not tick; set "
                                           "per_listener_settings false. Nobody is let in.");
        return refuse(guard, auth->client, certificate, GUARD_LIST_MISSING);
    }
    // A certificate may have been issued a moment ago.
    look_at_list(guard);
    const struct guard_claim claim = { mosquitto_client_id(auth->client), auth->username };
    const enum guard_verdict verdict =
        guard_judge_connection(certificate, &claim, &guard->list.knowledge, utc_s(), &party);
    if (verdict != GUARD_ALLOWED || certificate == NULL) {
        return refuse(guard, auth->client, certificate, verdict);
    }
    return admit(guard, auth->client, certificate, &party, auth->username != NULL);
}

static bool access_of(int bits, enum guard_access *access)
{
    switch (bits) {
    case MOSQ_ACL_READ:
        *access = GUARD_READ;
        return true;
    case MOSQ_ACL_WRITE:
        *access = GUARD_WRITE;
        return true;
    case MOSQ_ACL_SUBSCRIBE:
        *access = GUARD_SUBSCRIBE;
        return true;
    case MOSQ_ACL_UNSUBSCRIBE:
        *access = GUARD_UNSUBSCRIBE;
        return true;
    default:
        return false;
    }
}

static int on_acl_check(int event, void *event_data, void *user_data)
{
    const struct ohm_guard *guard = user_data;
    const struct mosquitto_evt_acl_check *check = event_data;
    enum guard_access access = GUARD_READ;
    (void)event;

    const char *name = mosquitto_client_id(check->client);
    const struct guard_session *session =
        name != NULL ? guard_sessions_find(guard->sessions, name) : NULL;
    const bool may = session != NULL && check->topic != NULL && access_of(check->access, &access) &&
                     guard_may(&session->party, access, check->topic);
    return may ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
}

static int on_disconnect(int event, void *event_data, void *user_data)
{
    struct ohm_guard *guard = user_data;
    const struct mosquitto_evt_disconnect *gone = event_data;
    (void)event;

    const char *name = mosquitto_client_id(gone->client);
    const struct guard_session *session =
        name != NULL ? guard_sessions_leave(guard->sessions, name, gone->client) : NULL;
    if (session != NULL) {
        report(guard, GUARD_EVENT_DISCONNECTED, guard->ending, &session->certificate, gone->client);
    }
    return MOSQ_ERR_SUCCESS;
}

/// Ends a session whose certificate is no longer good, without its last will: it has no say.
static bool keep(void *ctx, struct guard_session *session)
{
    struct ohm_guard *guard = ctx;
    const enum guard_verdict verdict = guard_judge_certificate(
        &session->certificate, &guard->list.knowledge, utc_s(), &session->party.role);
    if (verdict == GUARD_ALLOWED) {
        return true;
    }
    if (session->client != NULL) {
        mosquitto_log_printf(MOSQ_LOG_NOTICE, "ohm_guard: ended the session of %s: %s",
                             session->party.name, guard_verdict_name(verdict));
        guard->ending = verdict;
        (void)mosquitto_kick_client_by_clientid(session->party.name, false);
        guard->ending = GUARD_ALLOWED;
    }
    return false;
}

static int on_tick(int event, void *event_data, void *user_data)
{
    struct ohm_guard *guard = user_data;
    const uint64_t now_ms = monotonic_ms();
    (void)event, (void)event_data;

    guard->ticks = true;
    if (now_ms >= guard->look_ms) {
        guard->look_ms = now_ms + LOOK_MS;
        look_at_list(guard);
        guard_outbox_flush(&guard->outbox);
    }
    if (guard->review_due || now_ms >= guard->review_ms) {
        guard->review_due = false;
        guard->review_ms = now_ms + REVIEW_MS;
        guard_sessions_review(guard->sessions, keep, guard);
    }
    return MOSQ_ERR_SUCCESS;
}

static const struct {
    int event;
    MOSQ_FUNC_generic_callback function;
} callbacks[] = {
    { MOSQ_EVT_BASIC_AUTH, on_basic_auth },
    { MOSQ_EVT_ACL_CHECK, on_acl_check },
    { MOSQ_EVT_DISCONNECT, on_disconnect },
    { MOSQ_EVT_TICK, on_tick },
};

enum { CALLBACK_COUNT = sizeof callbacks / sizeof callbacks[0] };

static const char *option(const struct mosquitto_opt *options, int count, const char *key)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, key) == 0) {
            return options[i].value;
        }
    }
    return NULL;
}

static void close_guard(struct ohm_guard *guard)
{
    for (size_t i = 0; i < CALLBACK_COUNT; i++) {
        (void)mosquitto_callback_unregister(guard->id, callbacks[i].event, callbacks[i].function,
                                            NULL);
    }
    guard_outbox_close(&guard->outbox);
    guard_sessions_close(guard->sessions);
    guard_list_close(&guard->list);
    free(guard);
}

static struct ohm_guard *open_guard(mosquitto_plugin_id_t *id, const char *list_path,
                                    const char *report_path)
{
    struct ohm_guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL) {
        return NULL;
    }
    guard->id = id;
    guard->crypto = openssl_crypto();
    guard->told = GUARD_VERDICT_COUNT;
    guard->sessions = guard_sessions_open();
    bool good = guard_list_init(&guard->list, list_path, &guard->crypto) &&
                guard_outbox_open(&guard->outbox, report_path) && guard->sessions != NULL;
    for (size_t i = 0; i < CALLBACK_COUNT && good; i++) {
        good = mosquitto_callback_register(id, callbacks[i].event, callbacks[i].function, NULL,
                                           guard) == MOSQ_ERR_SUCCESS;
    }
    if (!good) {
        close_guard(guard);
        return NULL;
    }
    return guard;
}

PLUGIN_EXPORT int mosquitto_plugin_version(int count, const int *versions)
{
    for (int i = 0; i < count; i++) {
        if (versions[i] == MOSQ_PLUGIN_VERSION) {
            return MOSQ_PLUGIN_VERSION;
        }
    }
    return -1;
}

PLUGIN_EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **user_data,
                                        struct mosquitto_opt *options, int count)
{
    const char *list_path = option(options, count, "list");
    if (list_path == NULL) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "ohm_guard: plugin_opt_list is missing");
        return MOSQ_ERR_INVAL;
    }
    // The broker's own: its key of TLS is in the same memory.
    if (!core_dump_forbid()) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "ohm_guard: core files cannot be turned off");
        return MOSQ_ERR_UNKNOWN;
    }
    struct ohm_guard *guard = open_guard(id, list_path, option(options, count, "reports"));
    if (guard == NULL) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "ohm_guard: cannot start: a path is too long, or there "
                                           "is no memory or no socket");
        return MOSQ_ERR_NOMEM;
    }
    look_at_list(guard);
    *user_data = guard;
    return MOSQ_ERR_SUCCESS;
}

PLUGIN_EXPORT int mosquitto_plugin_cleanup(void *user_data, struct mosquitto_opt *options,
                                           int count)
{
    (void)options, (void)count;
    if (user_data != NULL) {
        close_guard(user_data);
    }
    return MOSQ_ERR_SUCCESS;
}
