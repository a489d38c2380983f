// SPDX-License-Identifier: MIT
#pragma once

/// Where this device's samples come from, as menuconfig says, and how they are wired.

#include <sdkconfig.h>

#include "adc_source.h"
#include "clock.h"
#include "status.h"
#include "wiring.h"

#if CONFIG_OHM_SOURCE_ADC
#include "dma_scan.h"
#elif CONFIG_OHM_SOURCE_MUX
#include "mux_dma.h"
#elif CONFIG_OHM_SOURCE_ADS131M08
#include "ads131m08.h"
#include "ads131m08_spi.h"
#elif CONFIG_OHM_SOURCE_SYNTHESIZER
#include "synthesizer.h"
#endif

struct meter_source {
#if CONFIG_OHM_SOURCE_ADC
    struct dma_scan scan;
#elif CONFIG_OHM_SOURCE_MUX
    struct mux_dma mux;
#elif CONFIG_OHM_SOURCE_ADS131M08
    struct ads131m08_spi wires;
    struct ads131m08 converter;
#elif CONFIG_OHM_SOURCE_SYNTHESIZER
    struct synthesizer *synthesizer;
#endif
    struct adc_source adc;
    struct wiring wiring;
};

/// Opens the source in the calling task's core; `clock` outlives it.
///
/// @return STATUS_MISSING  this profile measures nothing itself;  else as the driver says.
MUST_CHECK enum status meter_source_open(struct meter_source *source, const struct clock *clock,
                                         unsigned channels);
