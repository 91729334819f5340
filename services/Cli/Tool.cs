using System.CommandLine;
using System.CommandLine.Parsing;
using Grpc.Core;
using Metering.V1;

namespace Metering.Cli;

/// <summary>The program: its options, its commands, and what becomes of whatever goes wrong.</summary>
internal sealed class Tool
{
    private const string About = "Metering from the command line: prices, balances, histories, periods, billing.";
    private const string Trailer = "metering-error-bin";

    private readonly ServerOptions servers = new();

    private readonly Option<bool> json = new("--json")
    {
        Recursive = true, Description = "Answer programs: one JSON object per line, amounts as whole numbers (money in billionths).",
    };

    private readonly TextWriter output;
    private readonly TextWriter error;
    private readonly TimeProvider time;

    private Tool(TextWriter output, TextWriter error, TimeProvider time) => (this.output, this.error, this.time) = (output, error, time);

    /// <summary>Runs the command that the arguments ask for.</summary>
    /// <returns>One of <see cref="Exit"/>.</returns>
    public static async Task<int> Run(string[] args, TextWriter output, TextWriter error, TimeProvider time)
    {
        var parsed = new Tool(output, error, time).Root().Parse(args);
        var unknown = Unknown(parsed, args).Select(option => $"unknown option '{option}'").ToList();
        var wrong = unknown.Count > 0 ? unknown : [.. parsed.Errors.Select(found => found.Message)];
        foreach (var message in wrong) await error.WriteLineAsync($"metering: {message}");
        if (wrong.Count > 0) return Exit.BadInput;
        var invocation = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
        return await parsed.InvokeAsync(invocation);
    }

    // the parser takes a misspelt option for an argument, a user for one; what follows a bare -- is none
    private static IEnumerable<string> Unknown(ParseResult parsed, string[] args)
    {
        var known = Options(parsed.CommandResult).SelectMany(option => option.Aliases.Prepend(option.Name)).ToHashSet();
        return args.TakeWhile(arg => arg != "--").Where(arg => arg.StartsWith("--", StringComparison.Ordinal))
            .Select(arg => arg.Split('=', ':')[0]).Where(name => !known.Contains(name));
    }

    private static IEnumerable<Option> Options(CommandResult given) => given.Parent is CommandResult above
        ? given.Command.Options.Concat(Options(above).Where(option => option.Recursive))
        : given.Command.Options;

    private RootCommand Root()
    {
        var root = new RootCommand(About) { json };
        foreach (var option in servers.All) root.Add(option);
        foreach (var verb in Verbs())
        {
            verb.SetAction((asked, cancellation) => Run(verb, asked, cancellation));
            GroupOf(root, verb).Add(verb);
        }
        return root;
    }

    private static IEnumerable<Verb> Verbs() => typeof(Verb).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Verb)) && !type.IsAbstract)
        .Select(type => (Verb)Activator.CreateInstance(type)!)
        .OrderBy(verb => $"{verb.Group} {verb.Name}", StringComparer.Ordinal);

    private static Command GroupOf(RootCommand root, Verb verb)
    {
        if (verb.Group is null) return root;
        if (root.Subcommands.FirstOrDefault(command => command.Name == verb.Group) is { } known) return known;
        var group = new Command(verb.Group, $"Commands on {verb.Group}.");
        root.Add(group);
        return group;
    }

    private async Task<int> Run(Verb verb, ParseResult asked, CancellationToken cancellation)
    {
        try
        {
            using var session = new Session(servers.Of(asked), new Screen(output, error, asked.GetValue(json)), time);
            return await Run(verb, session, asked, cancellation);
        }
        catch (BadInputException wrong)
        {
            return await Fail(Exit.BadInput, wrong.Message);
        }
        catch (NotFoundException none)
        {
            return await Fail(Exit.No, none.Message);
        }
    }

    private async Task<int> Run(Verb verb, Session session, ParseResult asked, CancellationToken cancellation)
    {
        try
        {
            return await verb.Run(session, asked, cancellation);
        }
        catch (RpcException refused)
        {
            var code = refused.StatusCode == StatusCode.InvalidArgument ? Exit.BadInput : Exit.No;
            return await Fail(code, Explain(refused, string.Join(", ", session.Asked)));
        }
    }

    private async Task<int> Fail(int code, string message)
    {
        await error.WriteLineAsync($"metering: {message}");
        return code;
    }

    // the field and what was expected there, as the server says it
    private static string Explain(RpcException refused, string at) => refused switch
    {
        _ when ErrorOf(refused) is { Field.Length: > 0 } wrong => Explain(wrong),
        // metering did answer: it is somebody behind it who does not
        _ when ErrorOf(refused) is { } behind => behind.Reason,
        { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded } =>
            $"no answer from {at}: is metering served there? ({refused.Status.Detail})",
        _ => $"{at} answered {refused.StatusCode}: {refused.Status.Detail}",
    };

    private static string Explain(Error wrong) => wrong.Reason.StartsWith(wrong.Field, StringComparison.Ordinal) || wrong.Reason.Length == 0
        ? $"{wrong.Field}: expected {wrong.Expected}"
        : $"{wrong.Field}: expected {wrong.Expected}; {wrong.Reason}";

    private static Error? ErrorOf(RpcException refused) =>
        refused.Trailers.GetValueBytes(Trailer) is { } bytes ? Error.Parser.ParseFrom(bytes) : null;
}
