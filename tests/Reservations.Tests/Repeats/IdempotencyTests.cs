using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Metering.Reservations.Tests.Repeats;

/// <summary>Every mutating command, sent again in every way that a caller may have to (rule 15): done at most once, for ever.</summary>
[TestFixture(false)]
[TestFixture(true)]
public sealed class IdempotencyTests(bool onDisk)
{
    private World world = null!;
    private int cases;

    private static IEnumerable<Deed> Deeds => Deed.All;
    private static IEnumerable<Deed> WithId =>
        Deed.All.Where(deed => deed.Name is not ("close period" or "declare meter" or "retire plan"));

    [OneTimeSetUp]
    public async Task Start() => world = await World.Start(new ManualTime(), onDisk);

    [OneTimeTearDown]
    public async Task Stop() => await world.DisposeAsync();

    [SetUp]
    public void Begin() => world.Begin(++cases, $"user-{cases}");

    [Test]
    public void The_table_has_every_mutating_command()
    {
        MessageDescriptor[] requests = [.. Deed.All.Select(deed => deed.Name)
            .Select(name => name.Split(',')[0]).Distinct()
            .Select(name => string.Concat(name.Split(' ').Select(word => char.ToUpperInvariant(word[0]) + word[1..])) + "Request")
            .Select(Find).OfType<MessageDescriptor>()];
        Assert.That(requests, Is.EquivalentTo(Methods.Where(Mutates).Select(method => method.InputType)));
    }

    [TestCaseSource(nameof(Deeds))]
    public async Task Sent_again_at_once_it_gets_the_first_answer(object deed)
    {
        var (request, first) = await Do((Deed)deed);
        await Repeats(request, first);
        await Repeats(request, first);
    }

    [TestCaseSource(nameof(Deeds))]
    public async Task Sent_again_after_a_restart_it_gets_the_first_answer(object deed)
    {
        var (request, first) = await Do((Deed)deed);
        await world.Restart();
        await Repeats(request, first);
    }

    [TestCaseSource(nameof(Deeds))]
    public async Task Sent_again_after_others_it_gets_the_first_answer(object deed)
    {
        var (request, first) = await Do((Deed)deed);
        await world.Else();
        await Repeats(request, first);
    }

    [TestCaseSource(nameof(Deeds))]
    public async Task After_the_horizon_it_is_never_executed_again(object deed)
    {
        var (request, first) = await Do((Deed)deed);
        world.Clock.Pass(TimeSpan.FromMinutes(10) + TimeSpan.FromMilliseconds(1));
        await Repeats(request, first);
        await world.Else();
        if (((Deed)deed).ForEver) await Repeats(request, first);
        else await IsRefused(request, StatusCode.FailedPrecondition);
        await world.Restart();
        if (((Deed)deed).ForEver) await Repeats(request, first);
        else await IsRefused(request, StatusCode.FailedPrecondition);
    }

    [TestCaseSource(nameof(WithId))]
    public async Task A_caller_may_be_30_s_ahead(object deed)
    {
        var request = (await Prepare((Deed)deed)).With(world.Id(TimeSpan.FromSeconds(30)));
        var first = await world.Ask(request);
        world.Clock.Pass(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(29));
        await world.Else();
        await Repeats(request, first);
        world.Clock.Pass(TimeSpan.FromSeconds(2));
        await world.Else();
        if (((Deed)deed).ForEver) await Repeats(request, first);
        else await IsRefused(request, StatusCode.FailedPrecondition);
    }

    [TestCaseSource(nameof(WithId))]
    public async Task A_caller_may_not_be_61_s_ahead(object deed)
    {
        var request = (await Prepare((Deed)deed)).With(world.Id(TimeSpan.FromSeconds(61)));
        await IsRefused(request, StatusCode.InvalidArgument);
        world.Clock.Pass(TimeSpan.FromSeconds(1));
        Assert.That((await world.Ask(request)).IsRepeated(), Is.False, "a second later it is 60 s ahead");
    }

    [TestCaseSource(nameof(Deeds))]
    public async Task With_other_content_its_id_is_refused(object deed)
    {
        var (request, first) = await Do((Deed)deed);
        if (((Deed)deed).Other is not { } change) return;
        var other = change(world, request);
        await IsRefused(other, StatusCode.AlreadyExists, other is V1.DeclareMeterRequest ? "meter.unit" : "command_id");
        await world.Restart();
        await IsRefused(other, StatusCode.AlreadyExists, other is V1.DeclareMeterRequest ? "meter.unit" : "command_id");
        await Repeats(request, first);
    }

    private async Task<IMessage> Prepare(Deed deed)
    {
        var request = await deed.Prepare(world);
        world.Clock.Pass(deed.After);
        return deed.After == default || request is V1.ClosePeriodRequest ? request : request.With(world.Id());
    }

    private async Task<(IMessage Request, IMessage Reply)> Do(Deed deed)
    {
        var request = await Prepare(deed);
        var reply = await world.Ask(request);
        Assert.That(reply.IsRepeated(), Is.False);
        Assert.That(reply.ToString(), Does.Not.Contain("\"denial\""));
        return (request, reply);
    }

    private async Task Repeats(IMessage request, IMessage first)
    {
        var events = await world.Events();
        Assert.That(await world.Ask(request), Is.EqualTo(first.Repeated()));
        Assert.That(await world.Events(), Is.EqualTo(events), "nothing is appended");
    }

    private async Task IsRefused(IMessage request, StatusCode status, string field = "command_id")
    {
        var events = await world.Events();
        await world.Ask(request).Fails(status, field);
        Assert.That(await world.Events(), Is.EqualTo(events), "nothing is appended");
    }

    private static IEnumerable<MethodDescriptor> Methods =>
        new[] { V1.ReservationsReflection.Descriptor, V1.AccountsReflection.Descriptor, V1.CatalogReflection.Descriptor }
            .SelectMany(file => file.Services).SelectMany(service => service.Methods);

    private static bool Mutates(MethodDescriptor method) => method.OutputType.FindFieldByName("repeated") is not null;

    private static MessageDescriptor? Find(string request) => Methods.FirstOrDefault(method => method.InputType.Name == request)?.InputType;
}
