// SPDX-License-Identifier: MIT
#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pairing_input.h"
#include "qr_print.h"

static bool print_json(const struct pairing_input *input)
{
    cJSON *root = cJSON_CreateObject();
    bool is_written = cJSON_AddStringToObject(root, "device_id", input->code.device_id) != NULL &&
                      cJSON_AddStringToObject(root, "pairing", input->text) != NULL &&
                      cJSON_AddStringToObject(root, "join", input->join) != NULL &&
                      cJSON_AddStringToObject(root, "hotspot", input->hotspot) != NULL &&
                      cJSON_AddStringToObject(root, "password", input->password) != NULL;
    char *text = is_written ? cJSON_PrintUnformatted(root) : NULL;
    is_written = text != NULL && puts(text) >= 0;
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
    }
    cJSON_free(text);
    cJSON_Delete(root);
    return is_written;
}

static bool print_codes(const struct pairing_input *input)
{
    const bool colours = isatty(STDOUT_FILENO) == 1;
    return printf("Join the hotspot %s, password %s:\n", input->hotspot, input->password) > 0 &&
           qr_print(stdout, input->join, colours) == STATUS_OK &&
           printf("\nPair with %s, %s:\n", input->code.device_id, input->text) > 0 &&
           qr_print(stdout, input->text, colours) == STATUS_OK;
}

enum exit_code ohm_qr(struct ohm *ohm)
{
    struct pairing_input input;
    enum exit_code code = ohm_read_pairing(ohm, &input);
    if (code == OHM_DONE && !(ohm->json ? print_json(&input) : print_codes(&input))) {
        code = ohm_say(OHM_FAILED, "the codes cannot be printed");
    }
    explicit_bzero(&input, sizeof input);
    return code;
}
