using System.Text.Json.Nodes;
using Metering.Reservations.Tests;
using Metering.StripeSimulator;

namespace Metering.Cli.Tests;

/// <summary>What billing operations do where usage is billed by Stripe. A result on a double: the simulator.</summary>
internal sealed class StripeVerbTests : CliTest
{
    private const string Key = "sk_test_cli";
    private const string Customer = "cus_ann";
    private Simulator simulator = null!;

    private SimulatorAccount Account => simulator.Account(Key);

    public override async Task End()
    {
        await base.End();
        await simulator.DisposeAsync();
    }

    protected override async Task<Served> Serve()
    {
        var clock = new ShiftedTime();
        simulator = await Simulator.StartAsync(new SimulatorOptions { Time = clock, AnyCustomer = true });
        Account.AddMeter("tokens");
        return await Served.Start(
            clock, ("Stripe:ApiKey", Key), ("Stripe:ApiBase", simulator.Address.GetLeftPart(UriPartial.Authority)),
            ("Stripe:RequestsPerSecond", "0"), ("Billing:Reconcile:Between", "00:00:00"));
    }

    [Test]
    public async Task Reconcile_says_that_nothing_differs()
    {
        await Reported();
        Assert.That((await Done("reconcile")).Output, Does.StartWith("1 windows compared, 0 differ, 0 of them to do, 0 failed, 0 skipped; 0 reports"));
        Assert.That((await Done("reconcile", "--csv")).Output.Split('\n'), Has.Length.EqualTo(2), "the header, and no line");
        Assert.That((await Done("reconcile", "--json")).Records.Single()["summary"], Is.Not.Null);
    }

    [Test]
    public async Task Reconcile_tells_each_difference_and_ends_with_1()
    {
        var lost = await Reported();
        Account.Lose(lost);
        var csv = await Run("reconcile", "--csv");
        Assert.That((csv.Code, csv.Error), Is.EqualTo((Exit.No, "")));
        var lines = csv.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines[0], Is.EqualTo("stripe_customer,stripe_meter,from,to,users,ledger,reported,stripe,cause,value,identifiers"));
        Assert.That(lines[1..].Single(), Does.Match($@"^cus_ann,tokens,[-0-9T:]+Z,[-0-9T:]+Z,ann,1200,1200,0,lost,1200,{lost}$"));

        var json = await Run("reconcile", "--json");
        var (window, summary) = (json.Records[0]["window"]!, json.Records[1]["summary"]!);
        Assert.That((json.Code, json.Error, json.Records.Length), Is.EqualTo((Exit.No, "", 2)));
        Assert.That(
            ((string?)window["stripe_customer"], (string?)window["ledger"], (string?)window["stripe"]),
            Is.EqualTo((Customer, "1200", "0")));
        Assert.That(window["differences"]!.ToJsonString(), Is.EqualTo(
            $$"""[{"cause":"DIFFERENCE_CAUSE_LOST","value":"1200","identifiers":["{{lost}}"],"to_do":true}]"""));
        Assert.That(((string?)summary["windows"], (string?)summary["differing"]), Is.EqualTo(("1", "1")));

        var table = await Run("reconcile", "--user", "ann", "--period", "1");
        Assert.That((table.Code, table.Error), Is.EqualTo((Exit.No, "")));
        Assert.That(
            table.Output, Does.Match($@"(?s) cus_ann +tokens .* ann +1,200 +1,200 +0 +lost +1200 +{lost} .*1 windows compared, 1 differ"));
    }

    [Test]
    public async Task Who_refuses_is_Stripe_and_not_metering()
    {
        await Reported();
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 401, Path = "/v1/billing/meters*", Times = -1 });
        var said = await Run("reconcile");
        Assert.That((said.Code, said.Output), Is.EqualTo((Exit.No, "")));
        Assert.That(said.Error, Does.StartWith("metering: Stripe refuses Stripe:ApiKey: "));
    }

    [Test]
    public async Task What_Stripe_was_seen_to_have_is_missing_only_by_force()
    {
        var confirmed = await Reported();
        await Done("reconcile", "--record");
        var said = await Run("mark-missing", confirmed, "--why", "a hunch");
        Assert.That((said.Code, said.Output), Is.EqualTo((Exit.No, "")));
        Assert.That((await Done("mark-missing", confirmed, "--why", "a hunch", "--force")).Output, Does.Contain("is missing"));
    }

    [Test]
    public async Task What_it_recorded_a_resync_sends_anew()
    {
        Account.Lose(await Reported());
        var recorded = await Run("reconcile", "--record");
        Assert.That((recorded.Code, recorded.Error), Is.EqualTo((Exit.No, "")));
        Assert.That(recorded.Output, Does.Contain("1 missing: resync sends them anew"));
        Assert.That((await Run("reconcile", "--csv")).Error, Is.Empty, "nothing was to be recorded");
        Assert.That((await Done("resync", "ann")).Output, Does.Contain("1 reports planned"));
        await Served.Report("ann", 7, Stop);
        Assert.That(Account.Total("tokens", Customer).ToString(), Is.EqualTo("1200"));
    }

    [Test]
    public async Task What_it_recorded_stands_beside_the_CSV()
    {
        Account.Lose(await Reported());
        var recorded = await Run("reconcile", "--record", "--csv");
        Assert.That((recorded.Code, recorded.Error), Is.EqualTo((
            Exit.No, $"recorded: 0 reports confirmed, 1 missing: resync sends them anew{Environment.NewLine}")));
        Assert.That(recorded.Output, Does.Match("^stripe_customer,[^\n]*\n[^\n]*,lost,1200,[^\n]*\n$"), "the header, and the window");
    }

    [Test]
    public async Task A_cause_is_spelt_the_same_in_the_table_and_in_CSV()
    {
        var user = await EndedPeriod(customer: Customer);
        await Done("resync", user);
        await Served.Report(user, 4, Stop);
        Account.Lose(Account.Events.Single().Identifier);
        Assert.That((await Run("reconcile")).Output, Does.Match(@" not_yet_visible +1200 "));
        Assert.That((await Run("reconcile", "--csv")).Output, Does.Contain(",not_yet_visible,1200,"));
    }

    [Test]
    public async Task Nobody_is_not_reconciled()
    {
        await Reported();
        var said = await Run("reconcile", "--user", "nobody");
        Assert.That((said.Code, said.Output), Is.EqualTo((Exit.No, "")));
        Assert.That(said.Error, Does.StartWith("metering: user: expected a user with events; "));
    }

    [Test]
    public async Task A_refusal_is_listed_with_its_code_and_text()
    {
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 400 });
        var user = await EndedPeriod(customer: Customer);
        await Done("resync", user);
        await Served.Report(user, 4, Stop);
        var row = (await Done("reports", "--state", "rejected")).Output;
        Assert.That(row, Does.Match(@" ann +1 +tokens +tokens +1,200 +\S+Z +rejected +1 .*A fault was asked for: 400\."));
        Assert.That((await Done("reports", "--csv")).Output, Does.Contain(",cus_ann,1200,").And.Contain("A fault was asked for: 400."));
    }

    [Test]
    public async Task A_field_with_a_comma_or_a_quote_is_quoted()
    {
        await Reported("cus_\"a\",b");
        Account.Lose(Account.Events.Single().Identifier);
        Assert.That((await Run("reconcile", "--csv")).Output.Split('\n')[1], Does.StartWith("\"cus_\"\"a\"\",b\",tokens,"));
    }

    [Test]
    public async Task Stripe_away_is_said()
    {
        await Reported();
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 401, Path = "/v1/billing/meters*", Times = -1 });
        var said = await Run("reconcile");
        Assert.That((said.Code, said.Output), Is.EqualTo((Exit.No, "")));
        Assert.That(said.Error, Does.StartWith("metering: ").And.Contain("A fault was asked for: 401."));
    }

    [Test]
    public async Task Problems_are_listed_by_user_and_as_records()
    {
        await Served.Tell(Subscription("evt_1", "cus_ann", "ann"), Stop);
        await Served.Tell(Subscription("evt_2", "cus_bob", "bob"), Stop);
        await Served.Tell(Subscription("evt_3", "cus_who", null), Stop);
        var all = (await Done("stripe-problems")).Output;
        Assert.That(all, Does.Match(
            @"(?s) no plan +cus_ann +ann +\S+Z .*sub_1: Billing:Plans has none of its prices \(price_new\).* no plan +cus_bob +bob "));
        Assert.That(all.TrimEnd(), Does.EndWith("2 problems"));
        var one = (await Done("stripe-problems", "--user", "bob", "--json")).Records.Single();
        Assert.That(
            ((string?)one["kind"], (string?)one["subject"], (string?)one["user"]),
            Is.EqualTo(("STRIPE_PROBLEM_KIND_NO_PLAN", "cus_bob", "bob")));
        var unknown = await Run("stripe-problems", "--user", "nobody");
        Assert.That((unknown.Code, unknown.Error), Is.EqualTo((
            Exit.No, "metering: user: expected a user with events; the user has none: no such user, or no plan yet\n")));
    }

    /// <summary>A period's usage that Stripe took, so long ago that its summaries show it; the report's identifier.</summary>
    private async Task<string> Reported(string customer = Customer)
    {
        var user = await EndedPeriod(customer: customer);
        await Done("resync", user);
        await Served.Report(user, 4, Stop);
        Served.Clock.Shift += TimeSpan.FromHours(2);
        return Account.Events.Single().Identifier;
    }

    private static JsonObject Price => new() { ["price"] = new JsonObject { ["id"] = "price_new", ["product"] = "prod_new" } };

    private static JsonObject Subscription(string id, string customer, string? user) => new()
    {
        ["id"] = id, ["object"] = "event", ["type"] = "customer.subscription.created", ["created"] = 1_790_000_000,
        ["data"] = new JsonObject
        {
            ["object"] = new JsonObject
            {
                ["id"] = "sub_1", ["object"] = "subscription", ["customer"] = customer, ["status"] = "active",
                ["metadata"] = user is null ? [] : new JsonObject { ["metering_user"] = user },
                ["items"] = new JsonObject { ["data"] = new JsonArray(Price) },
            },
        },
    };
}
