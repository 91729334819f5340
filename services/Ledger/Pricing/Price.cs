namespace Metering.Ledger.Pricing;

/// <summary>What a quantity costs: so much money per so many units, as a fraction, so that no price needs rounding.</summary>
/// <param name="Nanos">Nano-units (10⁻⁹) of the currency, 0 or more.</param>
/// <param name="Per">The units of the meter which that buys, 1 or more: $0.15 per million tokens is (150_000_000, 1_000_000).</param>
public readonly record struct Price(long Nanos, long Per);

/// <summary>An amount does not fit the ledger's whole numbers. Whoever asked for it sent too large a quantity, price or markup.</summary>
public sealed class AmountOverflowException(string message) : OverflowException(message);
