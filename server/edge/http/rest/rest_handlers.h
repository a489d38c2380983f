// SPDX-License-Identifier: MIT
#pragma once

/// The handlers of the route table, and what they share. Private to this module.

#include "rest.h"

bool rest_sign_in(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_show_session(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_sign_out(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_list_devices(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_show_device(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_rename_device(struct rest *rest, const struct rest_request *request,
                        struct http_reply *reply);
bool rest_show_latest(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_show_series(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_show_energy(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_list_events(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_show_waveform(struct rest *rest, const struct rest_request *request,
                        struct http_reply *reply);
bool rest_show_latest_spectra(struct rest *rest, const struct rest_request *request,
                              struct http_reply *reply);
bool rest_list_spectra(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_list_intervals(struct rest *rest, const struct rest_request *request,
                         struct http_reply *reply);
bool rest_preset_register(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply);
bool rest_list_presets(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_show_deliveries(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply);
bool rest_send_command(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_attest(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_clear_tamper(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_calibrate(struct rest *rest, const struct rest_request *request,
                    struct http_reply *reply);
bool rest_show_calibration(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply);
bool rest_apply_calibration(struct rest *rest, const struct rest_request *request,
                            struct http_reply *reply);
bool rest_cancel_calibration(struct rest *rest, const struct rest_request *request,
                             struct http_reply *reply);
bool rest_check_wiring(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_gather_linearity(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply);
bool rest_show_linearity(struct rest *rest, const struct rest_request *request,
                         struct http_reply *reply);
bool rest_apply_linearity(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply);
bool rest_clear_linearity(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply);
bool rest_cancel_linearity(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply);
bool rest_reset_demand(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_show_demand(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_draw_code(struct rest *rest, const struct rest_request *request,
                    struct http_reply *reply);
bool rest_show_system(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_show_health(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);

bool rest_list_identities(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply);
bool rest_list_audit(struct rest *rest, const struct rest_request *request,
                     struct http_reply *reply);
bool rest_issue_token(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply);
bool rest_revoke_device(struct rest *rest, const struct rest_request *request,
                        struct http_reply *reply);
bool rest_onboard(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_authorise_renewal(struct rest *rest, const struct rest_request *request,
                            struct http_reply *reply);
bool rest_reissue(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_recover(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_download_certificate(struct rest *rest, const struct rest_request *request,
                               struct http_reply *reply);
bool rest_show_certificate(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply);
bool rest_delete_certificate(struct rest *rest, const struct rest_request *request,
                             struct http_reply *reply);
bool rest_sign_request(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply);
bool rest_sign_request_flat(struct rest *rest, const struct rest_request *request,
                            struct http_reply *reply);
bool rest_renew(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_confirm(struct rest *rest, const struct rest_request *request, struct http_reply *reply);
bool rest_challenge(struct rest *rest, const struct rest_request *request,
                    struct http_reply *reply);
bool rest_show_revocations(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply);
bool rest_est_authorities(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply);
bool rest_est_wishes(struct rest *rest, const struct rest_request *request,
                     struct http_reply *reply);
bool rest_est_enrol(struct rest *rest, const struct rest_request *request,
                    struct http_reply *reply);
bool rest_est_renew(struct rest *rest, const struct rest_request *request,
                    struct http_reply *reply);

/// Finds the device of the request; otherwise answers 404 and returns false.
bool rest_find_device(struct rest *rest, const struct rest_request *request,
                      struct device_view *device, struct http_reply *reply);

/// Answers 400 and returns false when the query has a member that is none of `names`.
bool rest_check_query(const struct rest_request *request, const char *const *names, size_t count,
                      struct http_reply *reply);

/// Reads a number of the query, or leaves `*value` as it is when there is none. Otherwise answers
/// 400 and returns false.
bool rest_query_number(const struct rest_request *request, const char *name, int64_t least,
                       int64_t most, int64_t *value, struct http_reply *reply);

/// Answers 400 and returns false unless `start_ms` lies before `end_ms`.
bool rest_check_order(int64_t start_ms, int64_t end_ms, struct http_reply *reply);

/// Sends a command, with everything in place for a result that comes before the call returns; to a
/// device that is offline nothing is sent. Answers like a handler.
bool rest_send_and_wait(struct rest *rest, const struct rest_request *request,
                        const struct device_view *device, const struct relay_command *command,
                        struct http_reply *reply);

/// Sends a command about the measurement in the name of whoever asks. Answers like a handler.
bool rest_send_metering(struct rest *rest, const struct rest_request *request,
                        const struct device_view *device, struct relay_command *command,
                        struct http_reply *reply);

/// Handlers of commands about the measurement that need nothing else: the body is an empty object,
/// or there is none and no query either.
bool rest_send_plain(struct rest *rest, const struct rest_request *request,
                     enum command_action action, struct http_reply *reply);
bool rest_ask_plain(struct rest *rest, const struct rest_request *request,
                    enum command_action action, struct http_reply *reply);

/// Answers with how a command ended: the relays or what was measured, or what went wrong.
void rest_reply_result(enum command_action action, const struct command_result *result,
                       struct http_reply *reply);

/// Answers with what a device's report on itself is worth.
void rest_reply_attestation(const struct attestation_question *question,
                            const struct command_result *result, struct http_reply *reply);

/// Answers for a store that failed.
void rest_reply_unavailable(struct http_reply *reply);

/// The latest instant the interface takes: the year 9999, in Unix milliseconds.
#define REST_TIME_LIMIT_MS INT64_C(253402300800000)
