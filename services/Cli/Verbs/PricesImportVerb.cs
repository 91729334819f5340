using System.CommandLine;
using System.CommandLine.Parsing;
using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Pricing;

namespace Metering.Cli.Verbs;

/// <summary>Publishes the prices of a public price map as the next price book.</summary>
internal sealed class PricesImportVerb : Verb
{
    private readonly Argument<string> file;
    private readonly Option<long> markup;
    private readonly Option<Timestamp?> effective;
    private readonly Option<PricedField[]> map;
    private readonly Option<bool> free;
    private readonly Option<bool> keep;
    private readonly Option<bool> replace;
    private readonly Option<bool> dryRun;

    public PricesImportVerb() : base("prices import", "Publish the prices of a LiteLLM price map (USD per token) as the next price book.")
    {
        file = new Argument<string>("FILE") { Description = "The map: a JSON object of models." };
        Add(file);
        markup = AddOption("--markup", "FACTOR", "Multiplies all prices, like 1.25. Without it, 1.", Reading.Markup, Rating.NoMarkup);
        effective = AddOption("--effective", "TIME", "When it takes effect, 5 s from now or later.", Reading.Time);
        map = AddMap();
        free = AddSwitch("--free", "Import models whose every price is 0, too.");
        keep = AddSwitch("--keep", "Carry over what the last book prices and the map does not.");
        replace = AddSwitch("--replace", "Drop what the last book prices and the map does not: its usage is denied from then on.");
        dryRun = AddSwitch("--dry-run", "Say what would be done, and do nothing.");
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        if (asked.GetValue(keep) && asked.GetValue(replace)) throw new BadInputException("--keep, --replace: expected one of them at most");
        var path = asked.GetRequiredValue(file);
        var import = new PriceImport(session, path, ReadMap(path, asked), asked.GetValue(markup), asked.GetValue(effective));
        await import.Prepare(asked.GetValue(keep), asked.GetValue(replace), cancellation);
        if (!asked.GetValue(dryRun)) await import.Publish(cancellation);
        import.Show();
        return Exit.Ok;
    }

    private PriceMap ReadMap(string path, ParseResult asked)
    {
        var more = asked.GetValue(map) ?? [];
        var usual = PriceMapOptions.Usual.Where(field => more.All(own => own.Field != field.Field));
        var options = new PriceMapOptions { Free = asked.GetValue(free), Fields = [.. usual, .. more] };
        try
        {
            return PriceMap.Read(File.ReadAllBytes(path), options);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new BadInputException($"FILE: {wrong.Message}");
        }
    }

    private Option<PricedField[]> AddMap()
    {
        var option = new Option<PricedField[]>("--map")
        {
            HelpName = "FIELD=METER", Arity = ArgumentArity.OneOrMore, CustomParser = Fields,
            Description = "Import another field with a price per token, as the price of a meter; may be repeated.",
        };
        Add(option);
        return option;
    }

    private static PricedField[] Fields(ArgumentResult result)
    {
        var fields = result.Tokens.Select(token => token.Value.Split('=')).ToArray();
        if (fields.All(field => field.Length == 2 && field[0].Contains("token") && field[1].Length > 0))
            return fields.Select(field => new PricedField(field[0], field[1])).ToArray();
        result.AddError("--map: expected FIELD=METER, the field being one with a price per token");
        return [];
    }
}
