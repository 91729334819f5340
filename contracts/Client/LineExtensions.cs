using Metering.V1;

namespace Metering.Client;

/// <summary>Makes lines: <c>Line.Of("llm.output_tokens", 4000, ("model", "large"))</c>.</summary>
public static class LineExtensions
{
    extension(Line)
    {
        /// <summary>A quantity of a meter, with the attributes that say what it is of.</summary>
        public static Line Of(string meter, long quantity, params ReadOnlySpan<(string Key, string Value)> attributes)
        {
            var line = new Line { Meter = meter, Quantity = quantity };
            foreach (var (key, value) in attributes) line.Attributes.Add(key, value);
            return line;
        }
    }
}
