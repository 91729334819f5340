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
        var request = new RebuildRequest { ReadModels = { every ? await All(session, cancellation) : given } };
        var reply = await session.Ask(call => session.Balances.RebuildAsync(request, call), cancellation);
        foreach (var model in reply.ReadModels) session.Screen.Record(model);
        ProjectionsVerb.Show(session.Screen, reply.ReadModels);
        return Exit.Ok;
    }

    private static async Task<IEnumerable<string>> All(Session session, CancellationToken cancellation)
    {
        var known = await session.Ask(call => session.Balances.GetProgressAsync(new GetProgressRequest(), call), cancellation);
        return known.ReadModels.Select(model => model.Name);
    }
}
