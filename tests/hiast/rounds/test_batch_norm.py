import torch

from hiast.rounds.batch_norm import adapt_batch_norm
from hiast.rounds.batches import BatchPlan


def plan_of(images, batch_size=2):
    return BatchPlan(images, None, batch_size, crop=(32, 48), crop_heights=(32, 32), seed=(1, 0, 2))


def adapted(model, plan):
    adapt_batch_norm(model, plan, device=torch.device("cpu"), on_progress=lambda _progress: None)
    return model


def test_statistics_become_the_targets_and_weights_stay(halves, small_model):
    model, before = adapted(small_model(), plan_of(halves)), small_model().state_dict()
    seen = []
    model.backbone.bn1.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    plan = plan_of(halves)
    with torch.no_grad():
        for iteration in range(2):
            from hiast.rounds.device import network_input

            model(network_input(plan.weak_views(plan[iteration], iteration, torch.device("cpu")).images))
    expected = torch.stack([batch.mean((0, 2, 3)) for batch in seen]).mean(0)
    torch.testing.assert_close(model.backbone.bn1.running_mean, expected, rtol=1e-4, atol=1e-5)
    for name, value in model.state_dict().items():
        if "running" not in name and "num_batches" not in name:
            assert torch.equal(value, before[name]), name


def test_training_goes_on_as_before_and_nothing_stays_in_training_mode(halves, small_model):
    model = adapted(small_model(), plan_of(halves))
    assert not any(module.training for module in model.modules())
    assert {module.momentum for module in model.modules() if hasattr(module, "momentum")} == {0.1}


def test_fewer_images_than_a_batch_are_enough(halves, small_model):
    model = adapted(small_model(), plan_of(halves.only({"0"}), batch_size=4))
    assert torch.isfinite(model.backbone.bn1.running_var).all()


def test_a_network_without_batch_norm_is_left_alone(halves):
    model = torch.nn.Conv2d(3, 2, 1)
    assert adapted(model, plan_of(halves)) is model
