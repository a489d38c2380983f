// SPDX-License-Identifier: MIT
#include "meter_source.h"

#include "soc/soc_caps.h"

#if CONFIG_OHM_PROFILE_INVERTER_GATEWAY
enum status meter_source_open(struct meter_source *source, const struct clock *clock,
                              unsigned channels)
{
    (void)source;
    (void)clock;
    (void)channels;
    return STATUS_MISSING;
}
#else

#if CONFIG_OHM_SOURCE_ADC || CONFIG_OHM_SOURCE_MUX
enum {
    RIDE_MS = 100
}; ///< How long the DMA's memory lasts: a typical erase of flash and some more.
#endif

static const double MICRO = 1e-6;

#if CONFIG_OHM_SOURCE_ADC
_Static_assert(CONFIG_OHM_FRAME_RATE_HZ *(1 + CONFIG_OHM_CURRENTS) <=
                   SOC_ADC_SAMPLE_FREQ_THRES_HIGH,
               "the converter is not so fast: fewer frames per second, or fewer currents");

static enum status open_converter(struct meter_source *source, const struct clock *clock)
{
    static const int pins[] = { CONFIG_OHM_VOLTAGE_GPIO,   CONFIG_OHM_CURRENT_0_GPIO,
                                CONFIG_OHM_CURRENT_1_GPIO, CONFIG_OHM_CURRENT_2_GPIO,
                                CONFIG_OHM_CURRENT_3_GPIO, CONFIG_OHM_CURRENT_4_GPIO,
                                CONFIG_OHM_CURRENT_5_GPIO, CONFIG_OHM_CURRENT_6_GPIO,
                                CONFIG_OHM_CURRENT_7_GPIO };
    struct dma_scan_settings settings = {
        .input_count = 1 + CONFIG_OHM_CURRENTS,
        .words_per_s = (uint32_t)CONFIG_OHM_FRAME_RATE_HZ * (1 + CONFIG_OHM_CURRENTS),
        .ride_ms = RIDE_MS,
        .attenuation = ADC_ATTEN_DB_12,
    };
    (void)clock;
    for (unsigned i = 0; i < settings.input_count; i++) {
        if (pins[i] < 0) {
            return STATUS_INVALID;
        }
        settings.pin[i] = (uint8_t)pins[i];
    }
    const enum status status = dma_scan_open(&source->scan, &settings);
    source->adc = dma_scan_adc(&source->scan);
    return status;
}
#elif CONFIG_OHM_SOURCE_MUX
enum { ADDRESS_LINES = 3, WORDS_EACH = 8 };

_Static_assert(CONFIG_OHM_FRAME_RATE_HZ *(1 + CONFIG_OHM_CURRENTS) <= MUX_DMA_TURNS_PER_S &&
                   CONFIG_OHM_FRAME_RATE_HZ * (1 + CONFIG_OHM_CURRENTS) * WORDS_EACH <=
                       SOC_ADC_SAMPLE_FREQ_THRES_HIGH,
               "a multiplexer is not so fast: fewer frames per second, or fewer currents");

/// The voltage is at the multiplexer's address 0, the currents at 1 to 7: with three address lines
/// seven of them.
static enum status open_converter(struct meter_source *source, const struct clock *clock)
{
    struct mux_dma_settings settings = {
        .pin = CONFIG_OHM_CURRENT_0_GPIO,
        .address_pin = { (uint8_t)CONFIG_OHM_MUX_S0_GPIO, (uint8_t)CONFIG_OHM_MUX_S1_GPIO,
                         (uint8_t)CONFIG_OHM_MUX_S2_GPIO },
        .address_pin_count = ADDRESS_LINES,
        .words_per_s = (uint32_t)CONFIG_OHM_FRAME_RATE_HZ * (1 + CONFIG_OHM_CURRENTS) * WORDS_EACH,
        .words_per_conversion = WORDS_EACH,
        .ride_ms = RIDE_MS,
        .attenuation = ADC_ATTEN_DB_12,
        .scan = { .input_count = 1 + CONFIG_OHM_CURRENTS },
    };
    (void)clock;
    for (unsigned i = 0; i < settings.scan.input_count; i++) {
        settings.scan.address[i] = (uint8_t)i;
    }
    const enum status status = mux_dma_open(&source->mux, &settings);
    source->adc = mux_dma_adc(&source->mux);
    return status;
}
#elif CONFIG_OHM_SOURCE_ADS131M08
enum { CLOCK_HZ = 8000000, SPI_HZ = 8000000, READER_PRIORITY = 6, READER_CORE = 1 };

#if SOC_SPI_PERIPH_NUM > 2
static const spi_host_device_t HOST = SPI3_HOST;
#else
static const spi_host_device_t HOST = SPI2_HOST;
#endif

static enum status open_converter(struct meter_source *source, const struct clock *clock)
{
    const struct ads131m08_spi_options wires = {
        .host = HOST,
        .mosi = CONFIG_OHM_ADS_MOSI_GPIO,
        .miso = CONFIG_OHM_ADS_MISO_GPIO,
        .sclk = CONFIG_OHM_ADS_SCLK_GPIO,
        .cs = CONFIG_OHM_ADS_CS_GPIO,
        .drdy = CONFIG_OHM_ADS_DRDY_GPIO,
        .reset = CONFIG_OHM_ADS_RESET_GPIO,
        .clock = CONFIG_OHM_ADS_CLKIN_GPIO,
        .clock_hz = CLOCK_HZ,
        .spi_hz = SPI_HZ,
        .priority = READER_PRIORITY,
        .core = READER_CORE,
    };
    const struct ads131m08_settings settings = { .clock_hz = CLOCK_HZ, .osr = ADS131M08_OSR_1024 };
    (void)clock;
    enum status status = ads131m08_spi_open(&source->wires, &wires);
    if (status != STATUS_OK) {
        return status;
    }
    status = ads131m08_init(&source->converter, ads131m08_spi_port(&source->wires), &settings);
    source->adc = ads131m08_adc(&source->converter);
    // A chip that does not answer yet is tried again by every read.
    return status == STATUS_IO ? STATUS_OK : status;
}
#else
static enum status open_converter(struct meter_source *source, const struct clock *clock)
{
    struct synthesizer_settings settings = synthesizer_settings_default();
    settings.clock = clock;
    settings.rate_hz = (double)CONFIG_OHM_FRAME_RATE_HZ;
    const enum status status = synthesizer_open(&settings, &source->synthesizer);
    if (status == STATUS_OK) {
        source->adc = synthesizer_source(source->synthesizer);
    }
    return status;
}
#endif

enum status meter_source_open(struct meter_source *source, const struct clock *clock,
                              unsigned channels)
{
    const enum status status = open_converter(source, clock);
#if CONFIG_OHM_SOURCE_SYNTHESIZER
    source->wiring = synthesizer_wiring();
    (void)MICRO;
#else
    source->wiring =
        wiring_of_one_voltage(CONFIG_OHM_CURRENTS, CONFIG_OHM_MICROVOLTS_PER_CODE * MICRO,
                              CONFIG_OHM_MICROAMPERES_PER_CODE * MICRO);
#endif
    wiring_keep_first(&source->wiring, channels);
    return status;
}
#endif
