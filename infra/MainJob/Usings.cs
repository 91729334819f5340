global using PeriodsOf = System.Collections.Generic.IReadOnlyDictionary<
    string, System.Collections.Generic.IReadOnlyList<Metering.V1.PeriodDocument>>;
global using UsageOf = System.Collections.Generic.IReadOnlyDictionary<string, Metering.V1.Usage>;
