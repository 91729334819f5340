using System.Diagnostics;

namespace Metering.Cli.Tests;

internal sealed class VerbTests : CliTest
{
    [Test]
    public async Task Balance_shows_what_is_left_now_and_as_of_any_moment()
    {
        var user = await Assign("ann", Tokens(500));
        await Track(user, 120);
        var before = Served.Clock.GetUtcNow();
        Served.Clock.Shift += TimeSpan.FromMinutes(5);
        await Track(user, 80);
        Assert.That((await Done("balance", user)).Output, Does.Match(@"tokens +tokens +funding .* 500 .* 0 .* 200 .* 0 .* 0 .* 300 "));
        var past = await Done("balance", user, "--at", $"{before:O}");
        Assert.That(past.Output, Does.Match(@"tokens +tokens +funding .* 500 .* 0 .* 120 .* 380 "));
        var record = (await Done("balance", user, "--json")).Records.Single();
        Assert.That(((string?)record["user"], (string?)record["groups"]![0]!["available"]), Is.EqualTo((user, "300")));
    }

    [Test]
    public async Task Money_is_shown_exactly()
    {
        var user = await AssignMoney();
        await Done("prices", "import", File("""{"m": {"input_cost_per_token": 1e-06, "output_cost_per_token": 1.000000001e-06}}"""));
        Served.Clock.Shift += TimeSpan.FromSeconds(10);
        await Track(user, 600_001, Output, "m");
        var said = await Done("balance", user);
        Assert.That(said.Output, Does.Match(@"money +USD +funding .* 0\.50 .* 0\.600001001 .* 0\.100001001 +no bound +0\.100001001"));
    }

    [Test]
    public async Task History_shows_a_page_of_events_or_all_of_each()
    {
        var user = await Assign("ann", Tokens(500));
        for (var i = 1; i <= 3; i++) await Track(user, i);
        var all = (await Done("history", user, "--json")).Records;
        Assert.That(all.Select(record => (long)record["revision"]!), Is.EqualTo(new[] { 0L, 1, 2, 3 }));
        Assert.That((string?)all[3]["type"], Does.StartWith("usage_tracked").Or.StartWith("tracked"));
        Assert.That((long)all[3]["data"]!["lines"]![0]!["quantity"]!, Is.EqualTo(3));
        var some = await Done("history", user, "--from", "1", "--limit", "2");
        Assert.That(some.Output, Does.Match(@"(?s) 1 .* 2 .*more: --from 3"));
    }

    [Test]
    public async Task Verify_says_that_a_history_is_as_it_was_written()
    {
        var user = await Assign("ann", Tokens(500));
        await Track(user, 120);
        Assert.That((await Done("verify", user)).Output, Does.Match("ann: all 2 events are as they were written; the last one's hash is [0-9a-f]{64}"));
        Assert.That((string?)(await Done("verify", user, "--json")).Records.Single()["events"], Is.EqualTo("2"));
    }

    [Test]
    public async Task Projections_shows_how_far_each_read_model_is_and_rebuild_begins_anew()
    {
        var user = await Assign("ann", Tokens(500));
        await Served.Project(user, Stop);
        Assert.That((await Done("projections")).Output, Does.Match(
            @"(?s)balances +1 +\d+/\d+ +1 +caught up +\S+/\d+ .*billing +1 .*publishing +1 "));
        Assert.That((string?)(await Done("projections", "--json")).Records[0]["events"], Is.EqualTo("1"));
        Assert.That((await Done("rebuild", "balances")).Output, Does.Match(@"balances +[12] "));
        Assert.That(
            (await Done("rebuild", "--all", "--json")).Records.Select(record => (string?)record["name"]),
            Is.EqualTo(new[] { "balances", "billing", "publishing" }));
    }

    [Test]
    public async Task Periods_and_close_show_totals()
    {
        var user = await Assign("ann", Tokens(500));
        await Track(user, 120);
        await Served.Accounts.EndPlanAsync(new() { User = user, CommandId = Served.NewId() });
        await Served.Project(user, Stop);
        Assert.That((await Done("periods", user)).Output, Does.Match(@"1 .* tokens +tokens +0 +120 "));
        Assert.That((await Done("close", user, "1")).Output, Does.Match(@"(?s)period 1: .* of ann: closed at .*llm.output_tokens +120 +0"));
        Assert.That((await Done("close", user, "1", "--json")).Records.Single()["repeated"]!.GetValue<bool>());
        await Served.Project(user, Stop);
        Assert.That((string?)(await Done("periods", user, "--json")).Records.Single()["state"], Is.EqualTo("PERIOD_STATE_CLOSED"));
    }

    [Test]
    public async Task A_user_who_never_had_a_plan_has_no_period_to_close()
    {
        await Served.Accounts.SuspendAsync(new() { User = "ann", CommandId = Served.NewId(), Reason = "not paid" });
        var said = await Run("close", "ann", "1");
        Assert.That((said.Code, said.Output), Is.EqualTo((Exit.No, "")));
        Assert.That(said.Error, Does.StartWith("metering: period: expected a user with a billing period; this one has had no plan yet"));
    }

    [Test]
    public async Task Check_ends_with_the_answer()
    {
        var user = await Assign("ann", Tokens(500));
        var allowed = await Done("check", user, $"{Output}=400", $"{Input}=100,model=large");
        Assert.That(allowed.Output, Does.Match(@"(?s)allowed at .*tokens +quota +500 +0"));
        var denied = await Run("check", user, $"{Output}=501");
        Assert.That((denied.Code, denied.Error), Is.EqualTo((Exit.No, "")));
        Assert.That(denied.Output, Does.Match(@"(?s)denied: funding exhausted in group tokens.* 501 .* 500 .* 0 .* 0 .* 500 "));
        Assert.That((await Run("check", user, $"{Output}=501", "--json")).Records.Single()["denial"], Is.Not.Null);
        Assert.That((await Done("history", user, "--json")).Records, Has.Length.EqualTo(1), "a check records nothing");
    }

    [Test]
    public async Task Check_and_balance_agree_that_overage_without_a_bound_has_none()
    {
        var group = Tokens(500);
        group.Overage = new() { Mode = V1.TierMode.Graduated, Tiers = { new V1.Tier { Price = new() { Nanos = 1, Per = 1 } } } };
        var user = await Assign("ann", group);
        Assert.That((await Done("check", user, $"{Output}=600")).Output, Does.Match(
            @"(?s) tokens +quota +500 +no bound .* tokens +overage +100 +no bound "));
    }

    [Test]
    public async Task Periods_show_what_was_refunded_of_closed_ones()
    {
        var group = Tokens(500);
        group.Overage = new() { Mode = V1.TierMode.Graduated, Tiers = { new V1.Tier { Price = new() { Nanos = 1_000_000, Per = 1 } } } };
        var user = await Assign("ann", group);
        var (used, line) = (Served.NewId(), new V1.Line { Meter = Output, Quantity = 700 });
        await Served.Reservations.TrackAsync(new() { User = user, CommandId = used, Mode = V1.TrackMode.Enforced, Lines = { line } });
        await Served.Accounts.EndPlanAsync(new() { User = user, CommandId = Served.NewId() });
        await Done("close", user, "1");
        await Served.Accounts.AssignPlanAsync(new() { User = user, CommandId = Served.NewId(), PlanId = "pro" });
        await Served.Reservations.RefundAsync(new()
        {
            User = user, CommandId = Served.NewId(), ReservationId = used, Reason = "bad answer",
            Lines = new() { Items = { new V1.Line { Meter = Output, Quantity = 50 } } },
        });
        await Served.Accounts.EndPlanAsync(new() { User = user, CommandId = Served.NewId() });
        await Served.Project(user, Stop);
        var said = (await Done("periods", user)).Output;
        Assert.That(said, Does.Contain("adjusted usage").And.Contain("adjusted overage").And.Contain("adjusted charge"));
        Assert.That(said, Does.Match(
            @"(?s) 1 .* 200 +0\.20 +0 +0 +0\.00 +0 .*\n +2 .* 0 +0\.00 +-50 +-50 +-0\.05 +0 "));
    }

    [Test]
    public async Task Plans_and_meters_are_listed()
    {
        Assert.That((await Done("meters")).Output.Trim(), Is.EqualTo("no meters"));
        Assert.That((await Done("plans")).Output.Trim(), Is.EqualTo("no plans"));
        var group = Tokens(500);
        group.Reporting = new() { StripeMeter = "llm_tokens", Scale = 1_000, What = V1.ReportedTotal.Usage };
        await Assign("ann", group);
        Assert.That((await Done("meters")).Output, Does.Match(@"(?s)llm.input_tokens +tokens.*llm.output_tokens +tokens"));
        var plans = await Done("plans");
        Assert.That(plans.Output, Does.Match(
            @"pro +1 .* month +UTC +0.00 USD +tokens +tokens +funding +billing period +500 +none +llm_tokens +1,000 +usage "));
        Assert.That((await Done("plans", "--json")).Records, Has.Length.EqualTo(1));
        await Served.Catalog.RetirePlanAsync(new() { PlanId = "pro" });
        Assert.That((await Done("plans")).Output.Trim(), Is.EqualTo("no plans"));
        Assert.That((await Done("plans", "--retired")).Output, Does.Contain("pro"));
    }

    [TestCase(2, "user: expected 1", "balance", "not a user")]
    [TestCase(2, "at: expected a moment that has passed", "balance", "ann", "--at", "2999-01-01")]
    [TestCase(2, "--at: expected a time", "balance", "ann", "--at", "noon")]
    [TestCase(1, "user: expected a user who had events then", "balance", "bob", "--at", "2020-01-01")]
    [TestCase(1, "user: expected a user with events; bob has none: no such user, or no plan yet", "balance", "bob")]
    [TestCase(1, "user: expected a user with events; bob has none", "balance", "bob", "--json")]
    [TestCase(1, "user: expected a user with events; bob has none", "history", "bob")]
    [TestCase(1, "user: expected a user with events; bob has none", "verify", "bob")]
    [TestCase(1, "user: expected a user with events; bob has none", "verify", "bob", "--json")]
    [TestCase(1, "user: expected a user with events; bob has none", "periods", "bob")]
    [TestCase(1, "user: expected a user with events; bob has none", "close", "bob", "1")]
    [TestCase(1, "period: expected a period of this user: 1 to 1", "close", "ann", "2")]
    [TestCase(2, "unknown option '--limt'", "history", "ann", "--limt", "5")]
    [TestCase(2, "unknown option '--limt'", "history", "ann", "--limt=5")]
    [TestCase(2, "unknown option '--csv'", "balance", "ann", "--csv")]
    [TestCase(2, "unknown option '--version'", "balance", "--version")]
    [TestCase(2, "unknown option '--keeep'", "prices", "import", "--keeep", "map.json")]
    [TestCase(2, "unknown option '--sever'", "--sever", "http://127.0.0.1:1", "meters")]
    [TestCase(1, "user: expected a user with events; --al has none", "balance", "--", "--al")]
    [TestCase(2, "--from: expected a whole number of 0 or more", "history", "ann", "--from", "-1")]
    [TestCase(2, "--limit: expected a whole number of 1 or more", "history", "ann", "--limit", "0")]
    [TestCase(2, "METER=QUANTITY: expected METER=QUANTITY", "check", "ann", "llm.output_tokens")]
    [TestCase(2, "METER=QUANTITY: expected a whole number", "check", "ann", "llm.output_tokens=1.5")]
    [TestCase(2, "lines[0].meter: expected a declared meter", "check", "ann", "image.render=1")]
    [TestCase(2, "PERIOD: expected a whole number from 1", "close", "ann", "0")]
    [TestCase(1, "period: expected", "close", "ann", "7")]
    [TestCase(2, "NAME: expected one or more names, or --all", "rebuild")]
    [TestCase(2, "NAME: expected one or more names, or --all", "rebuild", "balances", "--all")]
    [TestCase(2, "read_models: expected one or more of balances, billing, publishing", "rebuild", "balance")]
    [TestCase(2, "Required argument missing", "balance")]
    [TestCase(2, "Required command was not provided", "prices")]
    [TestCase(2, "", "explode")]
    public async Task Mistakes_are_named_with_what_was_expected(int code, string error, params string[] args)
    {
        await Assign("ann", Tokens(500));
        var said = await Run(args);
        Assert.That((said.Code, said.Output), Is.EqualTo((code, "")));
        Assert.That(said.Error, Does.StartWith($"metering: {error}"));
    }

    [TestCase("--server: expected an address", 2, "ftp://nowhere")]
    [TestCase("no answer from http://127.0.0.1:1/", 1, "http://127.0.0.1:1")]
    public async Task A_server_that_is_none_is_named(string error, int code, string server)
    {
        var said = await RunBare("--server", server, "meters");
        Assert.That(said.Code, Is.EqualTo(code));
        Assert.That(said.Error, Does.StartWith($"metering: {error}"));
    }

    [TestCase("http://127.0.0.1:1/", "--billing", "http://127.0.0.1:1", "retry-reports", "--all")]
    [TestCase("http://127.0.0.1:1/, http://127.0.0.1:2/", "--balances", "http://127.0.0.1:1,http://127.0.0.1:2", "periods", "ann")]
    public async Task Of_several_services_the_one_that_was_asked_is_named(string where, params string[] args)
    {
        var said = await Run(args);
        Assert.That((said.Code, said.Output), Is.EqualTo((Exit.No, "")));
        Assert.That(said.Error, Does.StartWith($"metering: no answer from {where}: is metering served there?"));
    }

    [TestCase("--server", "http://127.0.0.1:1", "--reservations", "{it}")]
    [TestCase("--reservations", "http://127.0.0.1:1,{it}")]
    public async Task A_service_may_be_elsewhere_and_in_several_places(params string[] where)
    {
        var said = await RunBare([.. where.Select(part => part.Replace("{it}", Served.Address.ToString())), "meters"]);
        Assert.That((said.Code, said.Error), Is.EqualTo((Exit.Ok, "")));
    }

    [Test]
    public async Task An_address_that_is_none_is_named_by_its_option()
    {
        var said = await Run("--billing", "nowhere", "meters");
        Assert.That((said.Code, said.Error), Is.EqualTo((Exit.BadInput, "metering: --billing: expected an address like " +
            "http://127.0.0.1:5100, not \"nowhere\"\n")));
    }

    [TestCase]
    [TestCase("balance")]
    [TestCase("check")]
    [TestCase("close")]
    [TestCase("verify")]
    [TestCase("history")]
    [TestCase("meters")]
    [TestCase("periods")]
    [TestCase("plans")]
    [TestCase("prices")]
    [TestCase("prices", "import")]
    [TestCase("projections")]
    [TestCase("rebuild")]
    [TestCase("resync")]
    [TestCase("carry-forward")]
    [TestCase("reconcile")]
    [TestCase("mark-missing")]
    [TestCase("retry-reports")]
    [TestCase("explain-report")]
    [TestCase("reports")]
    [TestCase("lines")]
    [TestCase("billed")]
    [TestCase("explain-line")]
    [TestCase("stripe-problems")]
    [TestCase("failures")]
    [TestCase("failures", "list")]
    [TestCase("failures", "return")]
    public async Task Everything_has_help(params string[] path)
    {
        var said = await RunBare([.. path, "--help"]);
        Assert.That((said.Code, said.Error), Is.EqualTo((Exit.Ok, "")));
        Assert.That(said.Output, Does.Contain("Usage:").And.Contain("--server").And.Contain("--json"));
    }

    [TestCase("resync")]
    [TestCase("carry-forward")]
    [TestCase("reconcile")]
    public async Task Help_shows_no_default_that_is_refused(string verb)
    {
        Assert.That((await RunBare(verb, "--help")).Output, Does.Contain("--period").And.Not.Contain("default: 0"));
    }

    [Test]
    public async Task The_program_itself_runs_and_finds_its_server_in_the_environment()
    {
        await Assign("ann", Tokens(500));
        // the tests' own framework, as their folder lacks what that brings
        var folder = AppContext.BaseDirectory;
        var (dll, runtime) = (Path.Combine(folder, "metering.dll"), Path.Combine(folder, "Cli.Tests.runtimeconfig.json"));
        string[] arguments = ["exec", "--runtimeconfig", runtime, dll, "check", "ann", $"{Output}=501"];
        using var program = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            Environment = { ["METERING_SERVER"] = Served.Address.ToString() }, RedirectStandardOutput = true,
        })!;
        Assert.That(await program.StandardOutput.ReadToEndAsync(Stop), Does.StartWith("denied: funding exhausted"));
        await program.WaitForExitAsync(Stop);
        Assert.That(program.ExitCode, Is.EqualTo(Exit.No));
    }
}
