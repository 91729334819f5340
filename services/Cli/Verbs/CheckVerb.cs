using System.CommandLine;
using System.CommandLine.Parsing;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>What a reservation would be answered now. Ends with 0 if it would be granted, with 1 if not.</summary>
internal sealed class CheckVerb : Verb
{
    private readonly Argument<string> user;
    private readonly Argument<Line[]> lines;

    public CheckVerb() : base("check", "What a reservation would be answered now; nothing is recorded. Ends with 1 if it would be denied.")
    {
        user = AddUser();
        lines = new Argument<Line[]>("METER=QUANTITY[,KEY=VALUE...]")
        {
            Description = "What would be used, at most: llm.output_tokens=4000,model=large.",
            Arity = ArgumentArity.OneOrMore, CustomParser = Lines,
        };
        Add(lines);
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new CheckRequest { User = asked.GetRequiredValue(user), Lines = { asked.GetRequiredValue(lines) } };
        var reply = await session.Ask(call => session.Reservations.CheckAsync(request, call), cancellation);
        session.Screen.Record(reply);
        if (reply.Denial is { } denial) Show(session.Screen, denial);
        else Show(session.Screen, reply.Allowance, (await session.UsageOf(request.User, cancellation)).Groups);
        return reply.Allowed ? Exit.Ok : Exit.No;
    }

    private static void Show(Screen screen, Allowance allowance, IReadOnlyCollection<GroupUsage> groups)
    {
        screen.Say($"allowed at {Words.Time(allowance.At)}, revision {allowance.Revision}");
        screen.Table(
            ["group", "from", Column.Number("amount"), Column.Number("left")],
            allowance.Draws.SelectMany(draw => draw.Parts.Select(part => new[]
            {
                draw.Group, Words.Name(part.Bucket), Words.Count(part.Amount), Left(draw, groups),
            })));
    }

    private static string Left(Draw draw, IEnumerable<GroupUsage> groups)
    {
        var left = Words.Count(draw.Left);
        return groups.FirstOrDefault(group => group.Group == draw.Group) is { } group ? Words.Left(group, left) : left;
    }

    private static void Show(Screen screen, Denial denial)
    {
        var what = denial.HasGroup ? $" in group {denial.Group}" : denial.HasMeter ? $" for meter {denial.Meter}" : "";
        screen.Say($"denied: {Words.Name(denial.Reason)}{what}, at {Words.Time(denial.At)}, revision {denial.Revision}");
        if (denial.HasGroup)
            screen.Table(
                [.. new[] { "needed", "quota", "used", "held", "remaining" }.Select(Column.Number), "resets"],
                [[
                    Words.Count(denial.Needed), Words.Count(denial.Quota), Words.Count(denial.Used), Words.Count(denial.Held),
                    Words.Count(denial.Remaining), Words.Time(denial.ResetsAt),
                ]]);
    }

    private static Line[] Lines(ArgumentResult result)
    {
        try
        {
            return result.Tokens.Select(token => Reading.Line(token.Value)).ToArray();
        }
        catch (FormatException wrong)
        {
            result.AddError($"METER=QUANTITY: {wrong.Message}");
            return [];
        }
    }
}
