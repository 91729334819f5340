using System.CommandLine;
using System.CommandLine.Parsing;

namespace Metering.Cli;

/// <summary>
/// A command of the program. A file in <c>Verbs/</c> with a class that derives from this is all that a new one needs: it is found by
/// its type.
/// </summary>
/// <param name="path">Its name, after that of its group if it has one: "balance", "prices import".</param>
/// <param name="description">What it does, in a sentence.</param>
internal abstract class Verb(string path, string description) : Command(path.Split(' ')[^1], description)
{
    /// <summary>The group that it belongs to; null = none.</summary>
    public string? Group { get; } = path.Contains(' ') ? path.Split(' ')[0] : null;

    /// <summary>Does it and says so on the session's screen.</summary>
    /// <returns>One of <see cref="Exit"/>.</returns>
    /// <exception cref="BadInputException">What was asked is wrong.</exception>
    /// <exception cref="NotFoundException">What was asked for is not there.</exception>
    public abstract Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation);

    /// <summary>The argument USER.</summary>
    protected Argument<string> AddUser()
    {
        var user = new Argument<string>("USER") { Description = "The user's id." };
        Add(user);
        return user;
    }

    /// <summary>The argument USER where it may be left out.</summary>
    protected Argument<string?> AddUserOrAll()
    {
        var user = new Argument<string?>("USER")
        {
            Description = "The user's id. Without it, every user.", Arity = ArgumentArity.ZeroOrOne,
        };
        Add(user);
        return user;
    }

    /// <summary>The argument PERIOD: the number of a billing period, 1 or more.</summary>
    protected Argument<int> AddPeriod()
    {
        var period = new Argument<int>("PERIOD")
        {
            Description = "Number of the period: 1 or more.", CustomParser = result => Read("PERIOD", result, Reading.Period),
        };
        Add(period);
        return period;
    }

    /// <summary>An option whose text is read by <paramref name="read"/>; absent = the type's default, which help does not show.</summary>
    protected Option<T> AddOption<T>(string name, string help, string description, Func<string, T> read)
    {
        var option = new Option<T>(name)
        {
            HelpName = help, Description = description, CustomParser = result => Read(name, result, read),
        };
        Add(option);
        return option;
    }

    /// <summary>An option whose text is read by <paramref name="read"/>; absent = <paramref name="otherwise"/>, which help shows.</summary>
    protected Option<T> AddOption<T>(string name, string help, string description, Func<string, T> read, T otherwise)
    {
        var option = AddOption(name, help, description, read);
        option.DefaultValueFactory = _ => otherwise;
        return option;
    }

    /// <summary>A switch: off unless given.</summary>
    protected Option<bool> AddSwitch(string name, string description)
    {
        var option = new Option<bool>(name) { Description = description };
        Add(option);
        return option;
    }

    /// <summary>The switch --csv, for <see cref="IsCsv"/>.</summary>
    protected Option<bool> AddCsv(string row) => AddSwitch("--csv", $"Answer as CSV, a line per {row}.");

    /// <summary>Whether CSV was asked for.</summary>
    /// <exception cref="BadInputException">--json was, too.</exception>
    protected static bool IsCsv(Session session, ParseResult asked, Option<bool> csv)
    {
        var wanted = asked.GetValue(csv);
        return wanted && session.Screen.Json ? throw new BadInputException("expected --json or --csv, not both") : wanted;
    }

    internal static T? Read<T>(string name, ArgumentResult result, Func<string, T> read)
    {
        try
        {
            return read(result.Tokens.Single().Value);
        }
        catch (FormatException wrong)
        {
            result.AddError($"{name}: {wrong.Message}");
            return default;
        }
    }
}
