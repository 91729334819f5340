using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>All meters and their units.</summary>
internal sealed class MetersVerb() : Verb("meters", "All meters and their units.")
{
    private const int Page = 1_000;

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var meters = await All(session, cancellation);
        foreach (var meter in meters) session.Screen.Record(meter);
        if (meters.Count == 0) session.Screen.Say("no meters");
        session.Screen.Table(["meter", "unit"], meters.Select(meter => new[] { meter.Name, meter.Unit }));
        return Exit.Ok;
    }

    internal static Task<List<Meter>> All(Session session, CancellationToken cancellation) => session.All(
        (token, call) => session.Catalog.ListMetersAsync(new ListMetersRequest { PageSize = Page, PageToken = token }, call),
        reply => reply.Meters, reply => reply.NextPageToken, cancellation);
}
