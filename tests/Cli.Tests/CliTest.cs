using System.Text.Json.Nodes;
using Metering.Reservations.Tests;

namespace Metering.Cli.Tests;

/// <summary>What a run of the command said, and how it ended.</summary>
internal sealed record Said(int Code, string Output, string Error)
{
    /// <summary>The lines of --json.</summary>
    public JsonNode[] Records => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToArray();
}

/// <summary>The services anew for each test, and the command run against them in this process.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal abstract class CliTest : IDisposable
{
    protected const string Input = "llm.input_tokens";
    protected const string Output = "llm.output_tokens";

    private readonly CancellationTokenSource stop = new(TimeSpan.FromSeconds(60));
    private readonly string folder = Directory.CreateTempSubdirectory("metering-cli-").FullName;

    protected Served Served { get; private set; } = null!;

    /// <summary>Ends a test that would wait for ever.</summary>
    protected CancellationToken Stop => stop.Token;

    [SetUp]
    public async Task Start() => Served = await Serve();

    [TearDown]
    public virtual async Task End() => await Served.DisposeAsync();

    protected virtual Task<Served> Serve() => Served.Start(new ShiftedTime());

    public void Dispose()
    {
        stop.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Runs the command on the services.</summary>
    protected Task<Said> Run(params string[] args) => RunBare(["--server", Served.Address.ToString(), .. args]);

    /// <summary>Runs the command as it is.</summary>
    protected async Task<Said> RunBare(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await Tool.Run(args, output, error, Served.Clock);
        return new Said(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs the command and expects it to end well.</summary>
    protected async Task<Said> Done(params string[] args)
    {
        var said = await Run(args);
        Assert.That((said.Code, said.Error), Is.EqualTo((Exit.Ok, "")));
        return said;
    }

    protected string File(string text)
    {
        var path = Path.Combine(folder, $"{Guid.CreateVersion7(Served.Clock.GetUtcNow())}.json");
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A user with a plan of half a dollar a month and overage without bound, for all that begins with llm.</summary>
    protected async Task<string> AssignMoney(string user = "ann")
    {
        var money = new V1.LimitGroup
        {
            Label = "money", Unit = "USD", Kind = V1.GroupKind.Funding, Quota = 500_000_000, Window = V1.WindowLength.BillingPeriod,
            Matches = { new V1.Match { Meter = "llm.*" } },
            Overage = new() { Mode = V1.TierMode.Graduated, Tiers = { new V1.Tier { Price = new() { Nanos = 1, Per = 1 } } } },
        };
        return await Assign(user, money);
    }

    protected async Task<string> Assign(string user, V1.LimitGroup group, string customer = "")
    {
        foreach (var meter in new[] { Input, Output })
            await Served.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = meter, Unit = "tokens" } });
        var plan = new V1.Plan
        {
            Id = "pro", Period = V1.WindowLength.Month, Anchor = V1.Anchor.SubscriptionStart, Currency = "USD", Groups = { group },
        };
        await Served.Catalog.PublishPlanAsync(new() { CommandId = Served.NewId(), Plan = plan });
        var assignment = new V1.AssignPlanRequest { User = user, CommandId = Served.NewId(), PlanId = "pro" };
        if (customer.Length > 0) assignment.StripeCustomer = customer;
        await Served.Accounts.AssignPlanAsync(assignment);
        return user;
    }

    protected static V1.LimitGroup Tokens(long quota) => new()
    {
        Label = "tokens", Unit = "tokens", Kind = V1.GroupKind.Funding, Quota = quota, Window = V1.WindowLength.BillingPeriod,
        Matches = { new V1.Match { Meter = "llm.*" } },
    };

    /// <summary>A user whose first period ended with 1,200 tokens that are reported to Stripe.</summary>
    protected async Task<string> EndedPeriod(string user = "ann", string customer = "")
    {
        var group = Tokens(5_000);
        group.Reporting = new V1.Reporting { StripeMeter = "tokens", Scale = 1, What = V1.ReportedTotal.Usage };
        await Assign(user, group, customer);
        await Track(user, 700);
        await Track(user, 500);
        Served.Clock.Shift += TimeSpan.FromMinutes(5);
        await Served.Accounts.EndPlanAsync(new() { User = user, CommandId = Served.NewId() });
        return user;
    }

    protected async Task<V1.TrackReply> Track(string user, long quantity, string meter = Output, string? model = null)
    {
        var line = new V1.Line { Meter = meter, Quantity = quantity };
        if (model is not null) line.Attributes.Add("model", model);
        var track = new V1.TrackRequest { User = user, CommandId = Served.NewId(), Mode = V1.TrackMode.Enforced, Lines = { line } };
        return await Served.Reservations.TrackAsync(track);
    }
}
