// SPDX-License-Identifier: MIT
#include "fleet_enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "back_off.h"
#include "csr.h"
#include "curl_client.h"
#include "enrolment.h"
#include "openssl_crypto.h"

enum {
    US_PER_S = 1000000,
    PATIENCE_US = 60 * US_PER_S, // Without any progress.
    FIRST_RETRY_MS = 200,
    RETRY_LIMIT_MS = 5000,
};

enum stage { STAGE_WAITING, STAGE_ASKED, STAGE_DONE };

/// Where one member stands.
struct candidate {
    enum stage stage;
    uint64_t due_us; ///< Not to be asked for before.
    struct back_off back_off;
};

/// One connection at a time.
struct desk {
    struct curl_client_options options;
    struct curl_client *client;
    struct http_client http;
    struct fleet_member *member; ///< Whom it serves; NULL: nobody.
    struct candidate *candidate;
};

struct office {
    const struct fleet_enrolment_options *options;
    struct fleet_roll *roll;
    struct crypto crypto;
    struct candidate *candidates;
    struct desk *desks;
    unsigned done;
    unsigned put_off;
    bool confirms; ///< Otherwise it enrols.
};

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000u;
}

static enum status use_certificate(void *ctx, enum keystore_slot slot, SSL_CTX *context)
{
    const struct desk *desk = ctx;
    struct fleet_member *member = desk->member;
    (void)slot;
    return fleet_key_show(&member->key, member->certificate, member->certificate_size, context);
}

static enum status ask_for_certificate(struct office *office, struct desk *desk)
{
    struct fleet_member *member = desk->member;
    uint8_t csr[CSR_LIMIT];
    size_t csr_size = 0;
    char body[ENROLMENT_REQUEST_LIMIT];
    char path[ENROLMENT_PATH_SIZE];
    size_t size = 0;
    enum status status =
        fleet_key_request(&member->key, &office->crypto, member->id, csr, sizeof csr, &csr_size);

    if (status == STATUS_OK) {
        const struct enrolment_request asked = {
            .device_id = member->id, .csr = csr, .csr_size = csr_size, .token = member->token
        };
        status = enrolment_write_request(&asked, body, sizeof body, &size);
    }
    if (status == STATUS_OK) {
        status = enrolment_path(ENROLMENT_FIRST, ENROLMENT_SIGN, member->id, path);
    }
    if (status == STATUS_OK) {
        const struct http_client_request request = { .method = "POST",
                                                     .path = path,
                                                     .bearer = member->token,
                                                     .content_type = "application/json",
                                                     .body = body,
                                                     .body_size = size };
        status = desk->http.begin(desk->http.ctx, &request);
    }
    explicit_bzero(body, sizeof body);
    return status;
}

static enum status ask_to_confirm(struct desk *desk)
{
    char path[ENROLMENT_PATH_SIZE];
    const struct http_client_request request = { .method = "POST",
                                                 .path = path,
                                                 .content_type = "application/json",
                                                 .body = "{}",
                                                 .body_size = 2,
                                                 .with_certificate = true,
                                                 .slot = KEYSTORE_IDENTITY_A };
    const enum status status = enrolment_path(ENROLMENT_FIRST, ENROLMENT_CONFIRM, "", path);
    return status == STATUS_OK ? desk->http.begin(desk->http.ctx, &request) : status;
}

/// Takes the next member that is due, from `*cursor` on. @return STATUS_MISSING  there is none.
static enum status call_next(struct office *office, struct desk *desk, unsigned *cursor,
                             uint64_t now)
{
    for (; *cursor < office->roll->count; (*cursor)++) {
        struct candidate *candidate = &office->candidates[*cursor];
        if (candidate->stage == STAGE_WAITING && candidate->due_us <= now) {
            candidate->stage = STAGE_ASKED;
            desk->candidate = candidate;
            desk->member = &office->roll->members[*cursor];
            return office->confirms ? ask_to_confirm(desk) : ask_for_certificate(office, desk);
        }
    }
    return STATUS_MISSING;
}

static void put_off(struct office *office, struct desk *desk)
{
    desk->candidate->stage = STAGE_WAITING;
    desk->candidate->due_us = now_us() + 1000ull * back_off_fail(&desk->candidate->back_off);
    office->put_off++;
}

static enum status take_certificate(struct fleet_member *member,
                                    const struct http_client_reply *reply)
{
    const struct enrolment_expectation expected = { .device_id = member->id,
                                                    .public_key = member->key.pair.public_key };
    struct certificate_facts facts;

    explicit_bzero(member->token, sizeof member->token);
    return enrolment_read_answer(reply->body, reply->body_size, &expected, member->certificate,
                                 sizeof member->certificate, &member->certificate_size, &facts);
}

static enum status take_reply(struct office *office, struct desk *desk,
                              const struct http_client_reply *reply)
{
    const struct enrolment_outcome outcome = enrolment_judge(reply->code, reply->error_code);

    if (outcome.verdict == ENROLMENT_LATER) {
        put_off(office, desk);
        return STATUS_OK;
    }
    if (outcome.verdict == ENROLMENT_DENIED) {
        (void)fprintf(stderr, "%s was refused: %s (%d)\n", desk->member->id, outcome.reason,
                      reply->code);
        return STATUS_INVALID;
    }
    if (!office->confirms && take_certificate(desk->member, reply) != STATUS_OK) {
        (void)fprintf(stderr, "%s was given no certificate of its own\n", desk->member->id);
        return STATUS_INVALID;
    }
    desk->candidate->stage = STAGE_DONE;
    office->done++;
    return STATUS_OK;
}

/// Looks after one desk. @return STATUS_BUSY  nothing has happened; another failure ends it all.
static enum status attend(struct office *office, struct desk *desk, unsigned *cursor)
{
    struct http_client_reply reply;
    const char *reason = "";

    if (desk->member == NULL) {
        const enum status status = call_next(office, desk, cursor, now_us());
        if (status == STATUS_MISSING) {
            return STATUS_BUSY;
        }
        if (status != STATUS_OK) {
            (void)fprintf(stderr, "%s: no request could be made\n", desk->member->id);
        }
        return status == STATUS_OK ? STATUS_OK : STATUS_INVALID;
    }
    enum status status = desk->http.poll(desk->http.ctx, &reply, &reason);
    if (status == STATUS_BUSY) {
        return STATUS_BUSY;
    }
    if (status == STATUS_OK) {
        status = take_reply(office, desk, &reply);
    } else if (status == STATUS_IO) {
        put_off(office, desk);
        status = STATUS_OK;
    } else {
        (void)fprintf(stderr, "%s: %s\n", desk->member->id, reason);
        status = STATUS_INVALID;
    }
    desk->member = NULL;
    return status;
}

static enum status serve_all(struct office *office)
{
    uint64_t progress_us = now_us();
    unsigned done = 0;

    while (office->done < office->roll->count) {
        bool idle = true;
        unsigned cursor = 0;
        for (unsigned i = 0; i < office->options->at_once; i++) {
            const enum status status = attend(office, &office->desks[i], &cursor);
            if (status != STATUS_OK && status != STATUS_BUSY) {
                return status;
            }
            idle = idle && status == STATUS_BUSY;
        }
        if (office->done > done) {
            done = office->done;
            progress_us = now_us();
        }
        if (*office->options->stop != 0 || now_us() - progress_us > PATIENCE_US) {
            (void)fprintf(stderr, "only %u of %u devices had an answer from %s\n", done,
                          office->roll->count, office->options->server);
            return STATUS_IO;
        }
        if (idle) {
            (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
    }
    return STATUS_OK;
}

static enum status open_desks(struct office *office)
{
    for (unsigned i = 0; i < office->options->at_once; i++) {
        struct desk *desk = &office->desks[i];
        desk->options = (struct curl_client_options){ .server = office->options->server,
                                                      .ca = office->options->ca,
                                                      .use_certificate = use_certificate,
                                                      .ctx = desk };
        const enum status status = curl_client_open(&desk->options, &desk->client);
        if (status != STATUS_OK) {
            (void)fprintf(stderr, "%s is no address such as https://localhost:8445\n",
                          office->options->server);
            return status;
        }
        desk->http = curl_client_seam(desk->client);
    }
    return STATUS_OK;
}

static enum status run(struct office *office, struct fleet_enrolment_figures *figures)
{
    const unsigned count = office->roll->count;
    enum status status = STATUS_FULL;

    office->crypto = openssl_crypto();
    office->candidates = calloc(count, sizeof *office->candidates);
    office->desks = calloc(office->options->at_once, sizeof *office->desks);
    if (office->candidates != NULL && office->desks != NULL) {
        for (unsigned i = 0; i < count; i++) {
            back_off_init(&office->candidates[i].back_off, office->options->entropy, FIRST_RETRY_MS,
                          RETRY_LIMIT_MS);
        }
        status = open_desks(office);
    }
    if (status == STATUS_OK) {
        const uint64_t start_us = now_us();
        status = serve_all(office);
        *figures = (struct fleet_enrolment_figures){ .elapsed_us = now_us() - start_us,
                                                     .put_off = office->put_off };
    }
    for (unsigned i = 0; office->desks != NULL && i < office->options->at_once; i++) {
        curl_client_close(office->desks[i].client);
    }
    free(office->candidates);
    free(office->desks);
    return status;
}

enum status fleet_enrol(const struct fleet_enrolment_options *options, struct fleet_roll *roll,
                        struct fleet_enrolment_figures *figures)
{
    struct office office = { .options = options, .roll = roll };

    for (unsigned i = 0; i < roll->count; i++) {
        const enum status status = fleet_key_make(&roll->members[i].key);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return run(&office, figures);
}

enum status fleet_confirm(const struct fleet_enrolment_options *options, struct fleet_roll *roll,
                          struct fleet_enrolment_figures *figures)
{
    struct office office = { .options = options, .roll = roll, .confirms = true };
    return run(&office, figures);
}
