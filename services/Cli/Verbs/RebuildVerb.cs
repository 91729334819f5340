using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Begins to rebuild read models from the first event on, beside the live ones.</summary>
internal sealed class RebuildVerb : Verb
{
    private readonly Argument<string[]> names = new("NAME")
    {
        Description = "Which, as `projections` lists them.", Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> all;

    public RebuildVerb() : base("rebuild", "Rebuild read models beside the live ones, which they replace once they have caught up.")
    {
        Add(names);
        all = AddSwitch("--all", "Every read model.");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var (given, every) = (asked.GetValue(names) ?? [], asked.GetValue(all));
        if (every == given.Length > 0) throw new BadInputException("NAME: expected one or more names, or --all alone");
        var models = await Begin(session, given, every, cancellation);
        foreach (var model in models) session.Screen.Record(model);
        ProjectionsVerb.Show(session.Screen, models);
        return Exit.Ok;
    }

    /// <summary>What BillingSync alone has is asked of it, all else of Balances, which refuses what is unknown before anything is begun.</summary>
    private static async Task<List<ReadModelProgress>> Begin(
        Session session, IReadOnlyList<string> given, bool every, CancellationToken cancellation)
    {
        var balances = (await ProjectionsVerb.OfBalances(session, cancellation)).Select(model => model.Name).ToList();
        var billing = (await ProjectionsVerb.OfBilling(session, cancellation)).Select(model => model.Name).Except(balances).ToList();
        var names = every ? [.. balances, .. billing] : given;
        var others = new RebuildRequest { ReadModels = { names.Except(billing) } };
        var own = new RebuildRequest { ReadModels = { names.Intersect(billing) } };
        var begun = new List<ReadModelProgress>();
        if (others.ReadModels.Count > 0)
            begun.AddRange((await session.Ask(call => session.Balances.RebuildAsync(others, call), cancellation)).ReadModels);
        if (own.ReadModels.Count > 0)
            begun.AddRange((await session.Ask(call => session.Billing.RebuildAsync(own, call), cancellation)).ReadModels);
        return begun;
    }
}
