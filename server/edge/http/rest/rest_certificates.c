// SPDX-License-Identifier: MIT

/// What operators see: certificates with the days they have left, devices that are awaited, and
/// what was done.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest_identity.h"

enum { DAY_S = 86400, AUDIT_USUAL = 100, AUDIT_MOST = 1000 };

/// What a listing holds while the store is read; the store's lock is not held while JSON is built.
struct listing {
    struct certificate_record *records;
    struct token_record *tokens;
    struct audit_record *audits;
    size_t count;
    size_t token_count;
    size_t capacity;
    size_t token_capacity;
    bool failed;
    const struct rest *rest;
};

static void *grow(void *items, size_t count, size_t *capacity, size_t size, bool *failed)
{
    if (count < *capacity) {
        return items;
    }
    const size_t wanted = *capacity * 2 + 16;
    void *more = realloc(items, wanted * size);
    *failed = *failed || more == NULL;
    *capacity = more != NULL ? wanted : *capacity;
    return more != NULL ? more : items;
}

static void add_record(void *ctx, const struct certificate_record *record)
{
    struct listing *listing = ctx;
    listing->records = grow(listing->records, listing->count, &listing->capacity, sizeof *record,
                            &listing->failed);
    if (!listing->failed) {
        listing->records[listing->count++] = *record;
    }
}

static void add_token(void *ctx, const struct token_record *token)
{
    struct listing *listing = ctx;
    listing->tokens = grow(listing->tokens, listing->token_count, &listing->token_capacity,
                           sizeof *token, &listing->failed);
    if (!listing->failed) {
        listing->tokens[listing->token_count++] = *token;
    }
}

static void add_audit(void *ctx, const struct audit_record *audit)
{
    struct listing *listing = ctx;
    listing->audits =
        grow(listing->audits, listing->count, &listing->capacity, sizeof *audit, &listing->failed);
    if (!listing->failed) {
        listing->audits[listing->count++] = *audit;
    }
}

static int64_t now_ms(const struct rest *rest)
{
    return rest->fleet->host->utc_ms(rest->fleet->host->ctx);
}

static void write_attestation(struct json_writer *writer, const struct attestation_note *note)
{
    if (note->time_ms == 0) {
        json_writer_null(writer, "attestation");
        return;
    }
    json_writer_begin_object(writer, "attestation");
    json_writer_string(writer, "verdict", attestation_verdict_name(note->verdict));
    json_writer_string(writer, "level", attestation_level_name(note->level));
    json_writer_integer(writer, "time_ms", note->time_ms);
    json_writer_end_object(writer);
}

static void write_record(struct json_writer *writer, const struct rest *rest,
                         const struct certificate_record *record)
{
    const struct certificate *certificate = &record->certificate;
    const int64_t left_s = certificate->not_after_s - now_ms(rest) / 1000;
    char hex[REST_FINGERPRINT_SIZE];
    rest_write_hex(certificate->fingerprint, sizeof certificate->fingerprint, hex);
    json_writer_string(writer, "certificate_id", hex);
    json_writer_string(writer, "device_id", record->device_id);
    json_writer_string(writer, "state",
                       certificate_state_name(identities_state_of(rest->identities, record)));
    rest_write_hex(certificate->serial, sizeof certificate->serial, hex);
    json_writer_string(writer, "serial_number", hex);
    json_writer_integer(writer, "issued_ms", record->issued_ms);
    json_writer_integer(writer, "changed_ms", record->changed_ms);
    json_writer_integer(writer, "not_before_ms", certificate->not_before_s * 1000);
    json_writer_integer(writer, "not_after_ms", certificate->not_after_s * 1000);
    json_writer_integer(writer, "renew_after_ms", identities_renew_after_s(certificate) * 1000);
    json_writer_integer(writer, "days_left", left_s > 0 ? left_s / DAY_S : 0);
    json_writer_boolean(writer, "renewal_overdue", identities_is_overdue(rest->identities, record));
    write_attestation(writer, &record->attestation);
}

static void build_list(struct json_writer *writer, const void *ctx)
{
    const struct listing *listing = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_begin_array(writer, "certificates");
    for (size_t i = 0; i < listing->count; i++) {
        json_writer_begin_object(writer, NULL);
        write_record(writer, listing->rest, &listing->records[i]);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_begin_array(writer, "pending");
    for (size_t i = 0; i < listing->token_count; i++) {
        const struct token_record *token = &listing->tokens[i];
        json_writer_begin_object(writer, NULL);
        json_writer_string(writer, "device_id", token->device_id);
        json_writer_string(writer, "creator", token->creator);
        json_writer_integer(writer, "created_ms", token->created_ms);
        json_writer_integer(writer, "expires_ms", token->expires_ms);
        json_writer_boolean(writer, "replaces", token->replaces);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

bool rest_list_identities(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply)
{
    static const char *const names[] = { "device" };
    struct listing listing = { .rest = rest };
    if (!rest_has_identities(rest, reply) || !rest_check_query(request, names, 1, reply)) {
        return true;
    }
    const struct identity_store *store = identities_parts(rest->identities)->store;
    const char *device = http_target_query(request->target, "device");
    enum status status = store->list_certificates(store->ctx, device, add_record, &listing);
    if (status == STATUS_OK) {
        status = store->list_tokens(store->ctx, now_ms(rest), add_token, &listing);
    }
    if (status != STATUS_OK || listing.failed) {
        rest_reply_unavailable(reply);
    } else {
        http_reply_json(reply, HTTP_OK, build_list, &listing);
    }
    free(listing.tokens);
    free(listing.records);
    return true;
}

static const char *kind_name(enum audit_kind kind)
{
    switch (kind) {
    case AUDIT_TOKEN_ISSUED:
        return "token_issued";
    case AUDIT_ENROLLED:
        return "enrolled";
    case AUDIT_ENROLMENT_REFUSED:
        return "enrolment_refused";
    case AUDIT_RENEWED:
        return "renewed";
    case AUDIT_CONFIRMED:
        return "confirmed";
    case AUDIT_REVOKED:
        return "revoked";
    case AUDIT_EXPIRED:
        return "expired";
    case AUDIT_RENEWAL_REFUSED:
        return "renewal_refused";
    case AUDIT_BROKER_REFUSED:
        return "broker_refused";
    case AUDIT_CASE_OPENED:
        return "case_opened";
    case AUDIT_CASE_CLEARED:
        return "case_cleared";
    case AUDIT_RENEWAL_OVERDUE:
        return "renewal_overdue";
    case AUDIT_INTAKE_REFUSED:
        return "intake_refused";
    }
    return "unknown";
}

static void build_audit(struct json_writer *writer, const void *ctx)
{
    const struct listing *listing = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_begin_array(writer, "records");
    for (size_t i = 0; i < listing->count; i++) {
        const struct audit_record *audit = &listing->audits[i];
        json_writer_begin_object(writer, NULL);
        json_writer_integer(writer, "time_ms", audit->time_ms);
        json_writer_string(writer, "kind", kind_name(audit->kind));
        json_writer_string(writer, "device_id", audit->device_id);
        json_writer_string(writer, "actor", audit->actor);
        json_writer_string(writer, "address", audit->address);
        json_writer_string(writer, "detail", audit->detail);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

bool rest_list_audit(struct rest *rest, const struct rest_request *request,
                     struct http_reply *reply)
{
    static const char *const names[] = { "limit" };
    struct listing listing = { .rest = rest };
    int64_t limit = AUDIT_USUAL;
    if (!rest_has_identities(rest, reply) || !rest_check_query(request, names, 1, reply) ||
        !rest_query_number(request, "limit", 1, AUDIT_MOST, &limit, reply)) {
        return true;
    }
    const struct identity_store *store = identities_parts(rest->identities)->store;
    if (store->list_audit(store->ctx, (size_t)limit, add_audit, &listing) != STATUS_OK ||
        listing.failed) {
        rest_reply_unavailable(reply);
    } else {
        http_reply_json(reply, HTTP_OK, build_audit, &listing);
    }
    free(listing.audits);
    return true;
}

struct shown {
    const struct rest *rest;
    const struct certificate_record *record;
};

static void build_status(struct json_writer *writer, const void *ctx)
{
    const struct shown *shown = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_boolean(writer, "success", true);
    write_record(writer, shown->rest, shown->record);
    rest_write_instant(writer, "expires_at", shown->record->certificate.not_after_s);
    json_writer_end_object(writer);
}

/// Finds by the name of a device, or by a certificate's own id; otherwise answers and returns
/// false.
static bool find_record(struct rest *rest, const struct rest_request *request, const char *id,
                        struct certificate_record *record, struct http_reply *reply)
{
    uint8_t fingerprint[CRYPTO_SHA256_SIZE];
    size_t count = 0;
    for (; count < sizeof fingerprint; count++) {
        char pair[3] = { id[2 * count], '\0', '\0' };
        if (pair[0] != '\0') {
            pair[1] = id[2 * count + 1];
        }
        if (strspn(pair, "0123456789abcdef") != 2) {
            break;
        }
        fingerprint[count] = (uint8_t)strtoul(pair, NULL, 16);
    }
    const bool is_fingerprint = count == sizeof fingerprint && id[2 * count] == '\0';
    const enum identity_verdict verdict =
        is_fingerprint ? identities_find_certificate(rest->identities, fingerprint, record)
                       : identities_find(rest->identities, id, record);
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
    }
    return verdict == IDENTITY_DONE;
}

bool rest_show_certificate(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply)
{
    struct certificate_record record;
    const struct shown shown = { rest, &record };
    if (rest_has_identities(rest, reply) &&
        find_record(rest, request, request->arguments.id, &record, reply)) {
        http_reply_json(reply, HTTP_OK, build_status, &shown);
    }
    return true;
}

static void build_download(struct json_writer *writer, const void *ctx)
{
    const struct shown *shown = ctx;
    const struct certificate_authority *authority =
        identities_parts(shown->rest->identities)->authority;
    char pem[CERTIFICATE_PEM_LIMIT];
    char filename[DEVICE_ID_SIZE + 8];
    rest_write_pem(shown->rest, &shown->record->certificate, pem);
    (void)snprintf(filename, sizeof filename, "%s.pem", shown->record->device_id);
    json_writer_begin_object(writer, NULL);
    json_writer_begin_object(writer, "certificate");
    json_writer_string(writer, "content", pem);
    json_writer_string(writer, "filename", filename);
    rest_write_instant(writer, "expires_at", shown->record->certificate.not_after_s);
    json_writer_end_object(writer);
    json_writer_begin_object(writer, "ca_certificate");
    json_writer_string(writer, "content", authority->part(authority->ctx, AUTHORITY_PART_ROOT));
    json_writer_string(writer, "filename", "ca.pem");
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}

bool rest_download_certificate(struct rest *rest, const struct rest_request *request,
                               struct http_reply *reply)
{
    struct certificate_record record;
    const struct shown shown = { rest, &record };
    if (rest_has_identities(rest, reply) &&
        find_record(rest, request, request->arguments.id, &record, reply)) {
        http_reply_json(reply, HTTP_OK, build_download, &shown);
    }
    return true;
}

bool rest_reissue(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    char device_id[REST_ARGUMENT_SIZE];
    struct certificate_record record;
    struct json_reader reader;
    if (!rest_has_identities(rest, reply) || !rest_open_lenient(&reader, request, reply) ||
        !rest_optional_text(&reader, request, "device_id", device_id, sizeof device_id, reply) ||
        !find_record(rest, request, device_id, &record, reply)) {
        return true;
    }
    if (!certificate_state_is_live(record.state)) {
        rest_reply_verdict(request, IDENTITY_UNKNOWN, reply);
        return true;
    }
    const struct rest_certificate answer = { .rest = rest,
                                             .record = &record,
                                             .form = REST_CERTIFICATE_FLAT,
                                             .message = "The same certificate again.",
                                             .now_s = now_ms(rest) / 1000 };
    rest_reply_certificate(&answer, reply);
    return true;
}
