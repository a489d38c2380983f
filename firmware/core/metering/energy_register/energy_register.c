// SPDX-License-Identifier: MIT
#include "energy_register.h"

#include "portable_math.h"

enum { NJ_PER_MJ = 1000000 };

enum status energy_register_restore(struct energy_register *energy, int64_t import_mj,
                                    int64_t export_mj)
{
    if (import_mj < 0 || export_mj < 0) {
        return STATUS_INVALID;
    }
    *energy = (struct energy_register){ .import_mj = import_mj, .export_mj = export_mj };
    return STATUS_OK;
}

static void add_nj(int64_t *whole_mj, int64_t *rest_nj, int64_t added_nj)
{
    const int64_t rest = *rest_nj + added_nj % NJ_PER_MJ;
    const int64_t whole = added_nj / NJ_PER_MJ + rest / NJ_PER_MJ;
    *rest_nj = rest % NJ_PER_MJ;
    *whole_mj = *whole_mj > INT64_MAX - whole ? INT64_MAX : *whole_mj + whole;
}

void energy_register_add(struct energy_register *energy, double watts, double seconds)
{
    const double nj = watts * seconds * 1e9;
    if (!(nj > -9e18 && nj < 9e18)) {
        return;
    }
    const int64_t added = portable_round(nj);
    if (added >= 0) {
        add_nj(&energy->import_mj, &energy->import_rest_nj, added);
    } else {
        add_nj(&energy->export_mj, &energy->export_rest_nj, -added);
    }
}
