using System.CommandLine;

namespace Metering.Cli;

/// <summary>Where the services are, the instances of each.</summary>
internal sealed record Servers(IReadOnlyList<Uri> Reservations, IReadOnlyList<Uri> Balances, IReadOnlyList<Uri> Billing);

/// <summary>All at one address, or each service at its own: by options or, where there is none, by environment variables.</summary>
internal sealed class ServerOptions
{
    private const string Default = "http://127.0.0.1:5100";

    private readonly Option<string> server = New(
        "--server", $"Where metering is served, all of it. Without it, METERING_SERVER, else {Default}.");

    private readonly Option<string> reservations = New(
        "--reservations", "Where Reservations is served, if elsewhere; or METERING_RESERVATIONS.");
    private readonly Option<string> balances = New("--balances", "Where Balances is served, if elsewhere; or METERING_BALANCES.");
    private readonly Option<string> billing = New("--billing", "Where BillingSync is served, if elsewhere; or METERING_BILLING.");

    public IReadOnlyList<Option> All => [server, reservations, balances, billing];

    /// <exception cref="BadInputException">An address is none; the message names the option or the variable.</exception>
    public Servers Of(ParseResult asked) => new(Of(asked, reservations), Of(asked, balances), Of(asked, billing));

    // what is typed goes before what is in the environment
    private List<Uri> Of(ParseResult asked, Option<string> own)
    {
        var given = Typed(asked, own) ?? Typed(asked, server) ?? InEnvironment(own) ?? InEnvironment(server) ?? (server.Name, Default);
        try
        {
            return [.. given.Text.Split(',').Select(Reading.Server)];
        }
        catch (FormatException wrong)
        {
            throw new BadInputException($"{given.Name}: {wrong.Message}");
        }
    }

    private static (string Name, string Text)? Typed(ParseResult asked, Option<string> option) =>
        asked.GetValue(option) is { } text ? (option.Name, text) : null;

    private static (string Name, string Text)? InEnvironment(Option<string> option)
    {
        var name = $"METERING_{option.Name[2..].ToUpperInvariant()}";
        return Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? (name, text) : null;
    }

    private static Option<string> New(string name, string description) =>
        new(name) { HelpName = "URL[,URL...]", Recursive = true, Description = description };
}
