using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>How far each read model has followed the streams. Ends with 1 if something stops one.</summary>
internal sealed class ProjectionsVerb() : Verb(
    "projections", "How far each read model has followed the streams, and its rebuild. Ends with 1 if one is stopped.")
{
    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var models = (await OfBalances(session, cancellation)).Concat(await OfBilling(session, cancellation))
            .DistinctBy(model => model.Name).OrderBy(model => model.Name, StringComparer.Ordinal).ToList();
        foreach (var model in models) session.Screen.Record(model);
        Show(session.Screen, models);
        return models.Any(model => model.HasError || model.Rebuild is { HasError: true }) ? Exit.No : Exit.Ok;
    }

    internal static async Task<IReadOnlyList<ReadModelProgress>> OfBalances(Session session, CancellationToken cancellation) =>
        (await session.Ask(call => session.Balances.GetProgressAsync(new GetProgressRequest(), call), cancellation)).ReadModels;

    /// <summary>Where both services are one process, each tells of all.</summary>
    internal static async Task<IReadOnlyList<ReadModelProgress>> OfBilling(Session session, CancellationToken cancellation) =>
        (await session.Ask(call => session.Billing.GetProgressAsync(new GetProgressRequest(), call), cancellation)).ReadModels;

    internal static void Show(Screen screen, IReadOnlyCollection<ReadModelProgress> models)
    {
        screen.Table(
            ["read model", Column.Number("generation"), "position", Column.Number("events"), "behind", "kept by", "rebuild"],
            models.Select(Row));
        foreach (var model in models)
        {
            if (model.HasError) screen.Say($"{model.Name} is stopped: {model.Error}");
            if (model.Rebuild is { HasError: true } rebuild) screen.Say($"the rebuild of {model.Name} is stopped: {rebuild.Error}");
        }
    }

    private static string[] Row(ReadModelProgress model) =>
    [
        model.Name, Words.Count(model.Generation), model.Position, Words.Count(model.Events), Behind(model),
        model.HasInstance ? model.Instance : "none", model.Rebuild is { } rebuild ? Rebuild(rebuild, model.Events) : "",
    ];

    private static string Behind(ReadModelProgress model) => model switch
    {
        { Lag: null } => "",
        { CaughtUp: true } => "caught up",
        _ => model.Lag.ToTimeSpan().ToString("c"),
    };

    private static string Rebuild(RebuildProgress rebuild, long events) =>
        $"generation {Words.Count(rebuild.Generation)}, {Words.Count(rebuild.Events)} of " +
        $"{Words.Count(Math.Max(events, rebuild.Events))} events";
}
