// SPDX-License-Identifier: MIT
#include "attestation_judge.h"

#include <string.h>

const char *attestation_verdict_name(enum attestation_verdict verdict)
{
    switch (verdict) {
    case ATTESTATION_TRUSTED:
        return "trusted";
    case ATTESTATION_DEGRADED:
        return "degraded";
    case ATTESTATION_FAILED:
    case ATTESTATION_VERDICT_COUNT:
        break;
    }
    return "failed";
}

static void note(struct attestation_judgement *judgement, enum attestation_verdict verdict,
                 const char *reason)
{
    if (judgement->reason_count < ATTESTATION_REASON_LIMIT) {
        judgement->reasons[judgement->reason_count++] = reason;
    }
    if (verdict > judgement->verdict) {
        judgement->verdict = verdict;
    }
}

struct attestation_judgement attestation_judge(const struct crypto *crypto,
                                               const uint8_t key[CRYPTO_P256_PUBLIC_SIZE],
                                               const uint8_t nonce[ATTESTATION_NONCE_SIZE],
                                               const uint8_t *message, size_t size)
{
    struct attestation_judgement judgement = { .verdict = ATTESTATION_TRUSTED };
    struct attestation *report = &judgement.report;
    const enum status status = attestation_open(crypto, key, message, size, report);

    if (status != STATUS_OK) {
        note(&judgement, ATTESTATION_FAILED,
             status == STATUS_CORRUPT ? "wrong_signature" : "no_report");
        return judgement;
    }
    if (memcmp(report->nonce, nonce, sizeof report->nonce) != 0) {
        note(&judgement, ATTESTATION_FAILED, "old_report");
        return judgement;
    }
    if (report->level == ATTESTATION_SOFTWARE) {
        note(&judgement, ATTESTATION_DEGRADED, "software_level");
    }
    if (report->tampered) {
        note(&judgement, ATTESTATION_DEGRADED, "case_opened");
    }
    if (report->debug == ATTESTATION_DEBUG_ENABLED) {
        note(&judgement, ATTESTATION_DEGRADED, "debugging_enabled");
    }
    return judgement;
}
