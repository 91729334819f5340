using System.Text.RegularExpressions;
using Metering.EventStoreDouble.Calls;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Reading;

/// <summary>Which events of all streams a reader wants. What a node writes for itself about its epochs is never among them.</summary>
internal sealed class Filter(Func<Recorded, bool> wanted)
{
    public static readonly Filter None = new(_ => true);

    public bool Takes(Recorded record) => record.Stream != "$epoch-information" && wanted(record);

    public static Filter Of(ReadReq.Types.Options.Types.FilterOptions options) => options.FilterCase switch
    {
        ReadReq.Types.Options.Types.FilterOptions.FilterOneofCase.StreamIdentifier => Of(options.StreamIdentifier, record => record.Stream),
        ReadReq.Types.Options.Types.FilterOptions.FilterOneofCase.EventType => Of(options.EventType, record => record.Event.Type),
        _ => throw RpcErrors.InvalidArgument(options),
    };

    private static Filter Of(ReadReq.Types.Options.Types.FilterOptions.Types.Expression expression, Func<Recorded, string> name)
    {
        if (expression.Regex.Length == 0)
            return new(record => expression.Prefix.Any(prefix => name(record).StartsWith(prefix, StringComparison.Ordinal)));
        var regex = new Regex(expression.Regex);
        return new(record => regex.IsMatch(name(record)));
    }
}
